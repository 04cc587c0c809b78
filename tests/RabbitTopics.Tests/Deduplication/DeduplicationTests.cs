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
    public async Task Where_outputs_follow_a_further_attempt_is_handled_and_a_duplicate_of_an_attempt_is_not()
    {
        var deduplication = InMemory(window: 10);

        await HandleAsync(deduplication, "F", "1", attempt: 2, outputsFollow: true);
        await HandleAsync(deduplication, "F", "1", attempt: 1, outputsFollow: true);
        await HandleAsync(deduplication, "F", "1", attempt: 2, outputsFollow: true);
        Assert.Equal(1, _handled);

        await HandleAsync(deduplication, "F", "1", attempt: 3, outputsFollow: true); // The output of the second was not written.
        Assert.Equal(2, _handled);
    }

    private static Deduplicator InMemory(int window) =>
        new(new DeduplicationWindow(Options.Create(new RabbitTopicsOptions { DeduplicationWindow = window })), NullLogger<Deduplicator>.Instance);

    private static TopicMessage Message(string? id, int attempt = 1) => new() { Topic = "t", Attempt = attempt, Properties = new MessageProperties { MessageId = id } };

    private Task HandleAsync(Deduplicator deduplication, string handler, string? id, int attempt = 1, bool outputsFollow = false) => deduplication.HandleAsync(handler, Message(id, attempt), null, () =>
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
}
