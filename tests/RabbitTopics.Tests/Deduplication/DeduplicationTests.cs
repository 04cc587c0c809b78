using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitTopics.Deduplication;

namespace RabbitTopics.Tests.Deduplication;

public sealed class DeduplicationTests
{
    private int _handled;

    [Fact]
    public async Task Each_handler_handles_a_message_once()
    {
        var deduplication = InMemory(window: 10);

        await HandleAsync(deduplication, "First", "1");
        await HandleAsync(deduplication, "First", "1");
        await HandleAsync(deduplication, "Second", "1");

        Assert.Equal(2, _handled);
    }

    [Fact]
    public async Task A_message_that_failed_is_handled_again()
    {
        var deduplication = InMemory(window: 10);
        await Assert.ThrowsAsync<InvalidOperationException>(() => deduplication.HandleAsync(
            "F", Message("1"), null, () => throw new InvalidOperationException(), outputsFollow: false, TestContext.Current.CancellationToken));

        await HandleAsync(deduplication, "F", "1");

        Assert.Equal(1, _handled);
    }

    [Fact]
    public async Task Messages_without_an_id_are_always_handled()
    {
        var deduplication = InMemory(window: 10);

        await HandleAsync(deduplication, "F", null);
        await HandleAsync(deduplication, "F", "");

        Assert.Equal(2, _handled);
    }

    [Fact]
    public async Task The_window_keeps_the_last_ids_of_each_handler()
    {
        var deduplication = InMemory(window: 2);
        foreach (var id in new[] { "1", "2", "3" })
        {
            await HandleAsync(deduplication, "F", id);
        }

        await HandleAsync(deduplication, "Other", "9");
        await HandleAsync(deduplication, "F", "3");
        await HandleAsync(deduplication, "F", "2");
        Assert.Equal(4, _handled);
        await HandleAsync(deduplication, "F", "1");
        Assert.Equal(5, _handled);
    }

    [Fact]
    public async Task A_twin_waits_for_the_one_that_is_being_handled()
    {
        var deduplication = InMemory(window: 10);
        var release = new TaskCompletionSource();
        var first = deduplication.HandleAsync("F", Message("1"), null, () => release.Task, outputsFollow: false, TestContext.Current.CancellationToken);
        var twin = HandleAsync(deduplication, "F", "1");

        Assert.False(twin.IsCompleted);
        release.SetResult();
        await first;
        await twin;
        Assert.Equal(0, _handled);
    }

    [Fact]
    public async Task A_store_that_cannot_answer_fails_the_handling_and_one_that_cannot_note_does_not()
    {
        await Assert.ThrowsAsync<TimeoutException>(() => HandleAsync(new Deduplicator(new BrokenStore { CanAnswer = false }, NullLogger<Deduplicator>.Instance), "F", "1"));
        Assert.Equal(0, _handled);

        await HandleAsync(new Deduplicator(new BrokenStore { CanAnswer = true }, NullLogger<Deduplicator>.Instance), "F", "1");
        Assert.Equal(1, _handled);
    }

    [Fact]
    public async Task Where_outputs_follow_a_message_that_comes_again_is_handled_again_and_another_with_its_id_is_not()
    {
        var deduplication = InMemory(window: 10);
        await HandleAsync(deduplication, "F", Message("1"), outputsFollow: true);

        await HandleAsync(deduplication, "F", Message("1"), outputsFollow: true);
        Assert.Equal(1, _handled);

        await HandleAsync(deduplication, "F", new() { Topic = "t", Attempt = 2, Properties = new() { MessageId = "1" } }, outputsFollow: true);
        await HandleAsync(deduplication, "F", new() { Topic = "t", Redelivered = true, Properties = new() { MessageId = "1" } }, outputsFollow: true);
        await HandleAsync(deduplication, "F", new() { Topic = "t", FirstTime = DateTimeOffset.UnixEpoch, Properties = new() { MessageId = "1" } }, outputsFollow: true);
        Assert.Equal(4, _handled);
    }

    [Fact]
    public async Task Whatever_attempt_a_header_claims_one_id_is_remembered()
    {
        var deduplication = InMemory(window: 2);
        await HandleAsync(deduplication, "F", "1");
        await HandleAsync(deduplication, "F", new() { Topic = "t", Attempt = int.MaxValue / 2, Properties = new() { MessageId = "2" } }, outputsFollow: true);

        await HandleAsync(deduplication, "F", "1");

        Assert.Equal(2, _handled);
    }

    [Fact]
    public async Task What_succeeded_is_remembered_though_it_was_cancelled_meanwhile()
    {
        using var invocation = new CancellationTokenSource();
        var store = new CarefulStore();
        var deduplication = new Deduplicator(store, NullLogger<Deduplicator>.Instance);

        await deduplication.HandleAsync("F", Message("1"), null, invocation.CancelAsync, outputsFollow: false, invocation.Token);

        Assert.Equal(["1"], store.Added);
    }

    private static Deduplicator InMemory(int window) =>
        new(new DeduplicationWindow(Options.Create(new RabbitTopicsOptions { DeduplicationWindow = window })), NullLogger<Deduplicator>.Instance);

    private static TopicMessage Message(string? id) => new() { Topic = "t", Properties = new MessageProperties { MessageId = id } };

    private Task HandleAsync(Deduplicator deduplication, string handler, string? id) => HandleAsync(deduplication, handler, Message(id), outputsFollow: false);

    private Task HandleAsync(Deduplicator deduplication, string handler, TopicMessage message, bool outputsFollow) => deduplication.HandleAsync(handler, message, null, () =>
    {
        _handled++;
        return Task.CompletedTask;
    }, outputsFollow, TestContext.Current.CancellationToken);

    private sealed class BrokenStore : IDeduplicationStore
    {
        public required bool CanAnswer { get; init; }

        public ValueTask<bool> ContainsAsync(string handler, string messageId, CancellationToken cancellationToken) =>
            CanAnswer ? new(false) : throw new TimeoutException("The store is away.");

        public ValueTask AddAsync(string handler, string messageId, CancellationToken cancellationToken) => throw new TimeoutException("The store is away.");
    }

    /// <summary>Looks at its token, as one does that asks another machine.</summary>
    private sealed class CarefulStore : IDeduplicationStore
    {
        public List<string> Added { get; } = [];

        public ValueTask<bool> ContainsAsync(string handler, string messageId, CancellationToken cancellationToken) => new(Added.Contains(messageId));

        public ValueTask AddAsync(string handler, string messageId, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Added.Add(messageId);
            return default;
        }
    }
}
