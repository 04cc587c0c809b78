using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Receiving;

/// <summary>A handler that is slow, blocked or hung harms nobody else.</summary>
public sealed class SlowHandlerTests(SharedBroker broker)
{
    /// <summary>Two seconds of an idle machine, in <see cref="LookAsync"/>. The five seconds that a stopping app gives a handler are more than twice as many.</summary>
    private const int MostLooks = 20;

    [Fact]
    public async Task After_a_lost_connection_a_queue_is_consumed_again_at_once_though_the_handler_of_another_hangs_and_health_names_that()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(broker.Uri);
        var hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var never = new TaskCompletionSource();
        var seen = new ConcurrentQueue<string>();
        await using var hung = library.Consumer(library.Consuming($"{library.Queue}.hung") with { Handler = "Hung", HandlerOptions = new() { LongRunningAfter = TimeSpan.FromMilliseconds(200) } }, async (_, _) =>
        {
            hanging.TrySetResult();
            await never.Task;
        });
        await using var other = library.Consumer((delivery, _) =>
        {
            seen.Enqueue(Encoding.UTF8.GetString(delivery.Message.Body.Span));
            return ValueTask.CompletedTask;
        });
        hung.Start();
        other.Start();
        await Client.WaitForConsumersAsync(broker.Uri, $"{library.Queue}.hung");
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await plain.SendAsync("hangs", $"{library.Queue}.hung");
        await hanging.Task.WaitAsync(Wait.Patience);

        proxy.Reset();
        var clock = Stopwatch.StartNew();
        await plain.SendAsync("x", library.Queue);

        var looks = 0;
        for (; looks < MostLooks && !seen.Contains("x"); looks++)
        {
            await LookAsync();
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"The other queue was consumed again {clock.Elapsed.TotalSeconds:0.0} s after the reset ({looks} looks).");
        Assert.True(looks < MostLooks, $"The other queue was not consumed within {looks} looks at the broker ({clock.Elapsed.TotalSeconds:0.0} s): it waits for something.");
        Assert.False(never.Task.IsCompleted); // The handler of the first still hangs.
        await Client.WaitForConsumersAsync(broker.Uri, $"{library.Queue}.hung"); // Its own queue is, too.
        await Wait.UntilAsync(() => library.Health.Problems.Count == 0, "both queues to be consumed");
        Assert.Contains($"handler 'Hung' has been at work on 1 message(s) of queue '{library.Queue}.hung' for more than 0.2 s", library.Health.Warnings);
        Assert.Single(library.Log.Lines, line => line.Contains("Handler 'Hung' has been at work", StringComparison.Ordinal));
        never.SetResult();
        await Wait.UntilAsync(() => library.Health.Warnings.Count == 0, "the warning to end with the handler");
        await hung.DisposeAsync();
        await plain.DeleteQueueAsync($"{library.Queue}.hung");
    }

    [Fact]
    public async Task A_handler_that_blocks_its_thread_meets_its_timeout_and_its_message_is_retried_and_parked_and_health_names_it_until_it_ends()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        using var never = new ManualResetEventSlim();
        var attempts = new ConcurrentQueue<int>();
        var options = new HandlerOptions { Timeout = TimeSpan.FromSeconds(3), OnError = new ErrorPolicy { Action = ErrorAction.Requeue, MaxAttempts = 2 } };
        await using var consumer = library.Consumer((delivery, _) =>
        {
            attempts.Enqueue(delivery.Message.Attempt);
            never.Wait(CancellationToken.None);
            return ValueTask.CompletedTask;
        }, options);
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await library.SendAsync("x", library.Queue);
        var clock = Stopwatch.StartNew();

        await Wait.UntilAsync(async () => await Client.CountAsync(broker.Uri, $"{library.Queue}.dead") == 1, "the dead letter");
        TestContext.Current.TestOutputHelper?.WriteLine($"Parked after {attempts.Count} attempts of {options.Timeout.TotalSeconds:0} s and {clock.Elapsed.TotalSeconds:0.0} s.");
        Assert.Contains($"handler 'Test' ignores its cancellation and is still at work on 2 message(s) of queue '{library.Queue}' whose time is over", library.Health.Warnings);
        never.Set();
        await Wait.UntilAsync(() => library.Health.Warnings.Count == 0, "the warning to end with the handlers");
        Assert.Equal([1, 2], attempts);
        var parked = await library.Channel.TakeAsync($"{library.Queue}.dead");
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
    }

    [Fact]
    public async Task A_message_whose_connection_was_lost_is_handled_beside_its_first_handling_where_the_concurrency_allows_it()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var plain = await Library.OnAsync(broker.Uri);
        var begun = 0;
        var never = new TaskCompletionSource();
        await using var consumer = library.Consumer(async (_, _) =>
        {
            if (Interlocked.Increment(ref begun) == 1)
            {
                await never.Task;
            }
        }, new HandlerOptions { Concurrency = 2 });
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, library.Queue);
        await plain.SendAsync("x", library.Queue);
        await Wait.UntilAsync(() => Volatile.Read(ref begun) == 1, "the first handling");

        proxy.Reset();

        await Wait.UntilAsync(() => Volatile.Read(ref begun) == 2, "the second");
        never.SetResult();
        await consumer.StopAsync(CancellationToken.None);
        Assert.Equal(0u, await Client.CountAsync(broker.Uri, library.Queue));
    }

    /// <summary>A tenth of a second and a look at the broker on a connection of its own: about what it takes to connect again. A machine that
    /// is busy, or a broker that is slow, draws out both alike, so that a number of looks can be promised where a time cannot.</summary>
    private async Task LookAsync()
    {
        await Task.Delay(100);
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
    }
}
