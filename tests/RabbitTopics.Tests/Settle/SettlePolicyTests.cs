using RabbitTopics.Settle;

namespace RabbitTopics.Tests.Settle;

public sealed class SettlePolicyTests
{
    [Theory]
    [InlineData(DeliveryOutcome.Succeeded, SettleAction.Complete)]
    [InlineData(DeliveryOutcome.Failed, SettleAction.Requeue)]
    [InlineData(DeliveryOutcome.Stopped, SettleAction.Requeue)]
    [InlineData(DeliveryOutcome.Poison, SettleAction.DeadLetter)]
    public void Each_outcome_has_its_action(DeliveryOutcome outcome, SettleAction action) =>
        Assert.Equal(action, SettlePolicy.Decide(outcome));
}
