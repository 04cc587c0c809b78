using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitTopics.HostExtension;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>What becomes of a message, by how its function ends.</summary>
public sealed class SettlingTests(SharedBroker broker)
{
    private const string Quick = """{"topics":"#none","retryDelays":"00:00:00.1","maxAttempts":3}""";

    [Fact]
    public async Task A_message_that_is_handled_is_acknowledged()
    {
        var seen = new ConcurrentQueue<string>();
        await using var host = await StartAsync(invocation =>
        {
            seen.Enqueue(invocation.Text);
            return Task.CompletedTask;
        });

        await host.SendAsync("one");

        await Wait.UntilAsync(() => !seen.IsEmpty, "the message to be handled");
        await host.StopAsync();
        Assert.Equal(["one"], seen);
        Assert.Equal(0u, await host.CountAsync());
    }

    [Fact]
    public async Task A_function_that_throws_is_tried_again_after_its_delays_and_then_parked_with_what_it_threw()
    {
        var attempts = 0;
        await using var host = await StartAsync(_ =>
        {
            Interlocked.Increment(ref attempts);
            throw new TimeZoneNotFoundException("It fails.");
        }, Quick);

        await host.Channel.BasicPublishAsync("amq.topic", await BindAsync(host), mandatory: true, new BasicProperties { MessageId = "m-1" }, "body"u8.ToArray());

        var parked = await host.TakeDeadAsync();
        Assert.Equal(3, attempts);
        Assert.Equal("body"u8.ToArray(), parked.Body.ToArray());
        Assert.Equal("m-1", parked.BasicProperties.MessageId);
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Equal("System.TimeZoneNotFoundException", parked.HeaderText("rt-exception-type"));
        Assert.Equal("It fails.", parked.HeaderText("rt-exception-message"));
        Assert.Equal("amq.topic", parked.HeaderText("rt-original-exchange"));
        Assert.Equal(host.Queue, parked.HeaderText("Micro-Topic"));
    }

    [Theory]
    [InlineData("Requeue", 3, "max-attempts")]
    [InlineData("DeadLetter", 1, "failed")]
    public async Task What_is_done_on_an_error_is_what_the_trigger_says(string onError, int runs, string reason)
    {
        var attempts = 0;
        await using var host = await StartAsync(_ =>
        {
            Interlocked.Increment(ref attempts);
            throw new InvalidOperationException("It fails.");
        }, $$"""{"topics":"#none","onError":"{{onError}}","maxAttempts":3}""");

        await host.SendAsync("x");

        Assert.Equal(reason, (await host.TakeDeadAsync()).HeaderText("rt-dead-letter-reason"));
        Assert.Equal(runs, attempts);
    }

    [Fact]
    public async Task With_Discard_a_message_that_fails_is_dropped()
    {
        var seen = new ConcurrentQueue<string>();
        await using var host = await StartAsync(invocation =>
        {
            seen.Enqueue(invocation.Text);
            throw new InvalidOperationException("It fails.");
        }, """{"topics":"#none","onError":"Discard"}""");

        await host.SendAsync("dropped");
        await host.SendAsync("next");

        await Wait.UntilAsync(() => seen.Count == 2, "both to be handled");
        await host.StopAsync();
        Assert.Equal(0u, await host.CountAsync());
        Assert.Equal(["dropped", "next"], seen);
    }

    [Fact]
    public async Task What_no_other_attempt_can_help_is_parked_at_once()
    {
        var attempts = 0;
        await using var host = await StartAsync(_ =>
        {
            Interlocked.Increment(ref attempts);
            throw new NotSupportedException("Never.");
        }, Quick, options => options.Handler.OnError.NonRetryable = [typeof(NotSupportedException)]);

        await host.SendAsync("x");

        Assert.Equal("non-retryable", (await host.TakeDeadAsync()).HeaderText("rt-dead-letter-reason"));
        Assert.Equal(1, attempts);
    }

    [Fact]
    public async Task A_function_that_takes_too_long_is_cancelled_and_that_counts_as_an_error()
    {
        var cancelled = 0;
        await using var host = await StartAsync(async invocation =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
            }
            catch (OperationCanceledException)
            {
                Interlocked.Increment(ref cancelled);
                throw;
            }
        }, """{"topics":"#none","timeout":"00:00:00.5","maxAttempts":1}""");

        await host.SendAsync("x");

        var parked = await host.TakeDeadAsync();
        Assert.Equal("max-attempts", parked.HeaderText("rt-dead-letter-reason"));
        Assert.Contains("took longer than 0.5 s", parked.HeaderText("rt-exception-message"), StringComparison.Ordinal);
        Assert.Equal(1, cancelled);
    }

    [Fact]
    public async Task With_autoAck_a_message_is_acknowledged_before_it_is_handled()
    {
        var handling = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        await using var host = await StartAsync(_ =>
        {
            handling.TrySetResult();
            return go.Task;
        }, """{"topics":"#none","autoAck":true,"prefetchCount":1}""");
        await host.SendAsync("x");
        await handling.Task.WaitAsync(Wait.Patience);

        await host.SendAsync("next");
        await Wait.UntilAsync(async () => await host.CountAsync() == 0, "the next message to come, with a prefetch of 1");
        go.SetResult();
    }

    /// <summary>A host that has no worker process for a while, as a Functions host when it starts one anew.</summary>
    [Fact]
    public async Task An_invocation_that_no_worker_takes_is_no_attempt_and_is_made_again()
    {
        var runs = 0;
        var seen = new ConcurrentQueue<string>();
        await using var host = await StartAsync(invocation =>
        {
            if (Interlocked.Increment(ref runs) <= 4)
            {
                throw new InvalidOperationException("Did not find any initialized language workers");
            }

            seen.Enqueue(DeliveryData.Read(invocation.Data).Properties.Headers is { } headers && headers.ContainsKey("rt-attempts") ? "counted" : "not counted");
            return Task.CompletedTask;
        }, """{"topics":"#none","maxAttempts":1,"timeout":"00:00:03"}"""); // Less than the function waits for the worker.

        await host.SendAsync("x");

        await Wait.UntilAsync(() => !seen.IsEmpty, "the function to be run in the end");
        Assert.Equal(["not counted"], seen);
        Assert.Equal(5, runs);
    }

    private Task<RunningHost> StartAsync(Func<Invocation, Task> function, string trigger = """{"topics":"#none"}""", Action<RabbitTopicsOptions>? configure = null) =>
        RunningHost.StartAsync(broker.Uri, function, trigger, configure).ContinueWith(host => host.Result.ConsumingAsync(), TaskScheduler.Default).Unwrap();

    /// <summary>Binds the queue by its own name, which it gives.</summary>
    private static async Task<string> BindAsync(RunningHost host)
    {
        await host.Channel.QueueBindAsync(host.Queue, "amq.topic", host.Queue);
        return host.Queue;
    }
}
