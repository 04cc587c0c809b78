using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Tests.Settling;

public sealed class SettlePolicyTests
{
    private static readonly TimeSpan[] Delays = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)];

    [Theory]
    [InlineData(nameof(DeliveryOutcome.Succeeded), nameof(SettleAction.Complete), null)]
    [InlineData(nameof(DeliveryOutcome.Stopped), nameof(SettleAction.Return), null)]
    [InlineData(nameof(DeliveryOutcome.Poison), nameof(SettleAction.DeadLetter), "poison")]
    [InlineData(nameof(DeliveryOutcome.NonRetryable), nameof(SettleAction.DeadLetter), "non-retryable")]
    [InlineData(nameof(DeliveryOutcome.RedeliveredTooOften), nameof(SettleAction.DeadLetter), "max-redeliveries")]
    public void Outcomes_that_no_attempt_can_change_have_one_action_at_every_attempt(string outcome, string action, string? reason)
    {
        foreach (var policy in new[] { ErrorAction.Retry, ErrorAction.Requeue, ErrorAction.DeadLetter })
        {
            foreach (var attempt in new[] { 1, 2, 3, 100 })
            {
                Assert.Equal(new SettleDecision(Enum.Parse<SettleAction>(action), default, reason), Decide(Enum.Parse<DeliveryOutcome>(outcome), attempt, policy));
            }
        }
    }

    [Theory]
    [InlineData(nameof(DeliveryOutcome.Failed))]
    [InlineData(nameof(DeliveryOutcome.TimedOut))]
    public void Errors_are_retried_with_the_delays_in_turn_and_then_parked(string name)
    {
        var outcome = Enum.Parse<DeliveryOutcome>(name);
        Assert.Equal(new SettleDecision(SettleAction.Retry, Delays[0]), Decide(outcome, 1, ErrorAction.Retry));
        Assert.Equal(new SettleDecision(SettleAction.Retry, Delays[1]), Decide(outcome, 2, ErrorAction.Retry));
        Assert.Equal(new SettleDecision(SettleAction.Retry, Delays[1]), Decide(outcome, 3, ErrorAction.Retry));
        Assert.Equal(new SettleDecision(SettleAction.DeadLetter, default, "max-attempts"), Decide(outcome, 4, ErrorAction.Retry));
        Assert.Equal(new SettleDecision(SettleAction.DeadLetter, default, "max-attempts"), Decide(outcome, 5, ErrorAction.Retry));
    }

    [Fact]
    public void Requeueing_is_bounded_by_the_attempts_too()
    {
        Assert.Equal(new SettleDecision(SettleAction.Requeue), Decide(DeliveryOutcome.Failed, 3, ErrorAction.Requeue));
        Assert.Equal(new SettleDecision(SettleAction.DeadLetter, default, "max-attempts"), Decide(DeliveryOutcome.Failed, 4, ErrorAction.Requeue));
    }

    [Fact]
    public void Without_a_limit_errors_are_retried_for_ever() => Assert.Equal(
        SettleAction.Retry,
        SettlePolicy.Decide(DeliveryOutcome.Failed, int.MaxValue, new ErrorPolicy { MaxAttempts = ErrorPolicy.Unlimited }).Action);

    [Fact]
    public void Only_the_discard_policy_drops_a_message()
    {
        foreach (var outcome in Enum.GetValues<DeliveryOutcome>())
        {
            foreach (var action in Enum.GetValues<ErrorAction>())
            {
                Assert.Equal(
                    action == ErrorAction.Discard && outcome is not (DeliveryOutcome.Succeeded or DeliveryOutcome.Stopped),
                    Decide(outcome, 1, action).Action == SettleAction.Discard);
            }
        }
    }

    [Fact]
    public void A_dead_letter_always_has_a_reason()
    {
        foreach (var outcome in Enum.GetValues<DeliveryOutcome>())
        {
            foreach (var action in Enum.GetValues<ErrorAction>())
            {
                var decision = Decide(outcome, 4, action);
                Assert.Equal(decision.Action == SettleAction.DeadLetter, decision.Reason is not null);
            }
        }
    }

    private static SettleDecision Decide(DeliveryOutcome outcome, int attempt, ErrorAction action) =>
        SettlePolicy.Decide(outcome, attempt, new ErrorPolicy { Action = action, Delays = Delays, MaxAttempts = 4 });
}
