using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Triggers;
using RabbitMQ.Client;
using RabbitTopics.HostExtension;
using RabbitTopics.TestSupport;
using RabbitTopics.WebJobs.Triggers;
using RabbitTopics.WebJobsTests.Host;

namespace RabbitTopics.WebJobsTests;

/// <summary>How messages are taken, and what keeps a function from being run.</summary>
public sealed class ListeningTests(SharedBroker broker)
{
    [Fact]
    public async Task A_queue_is_made_and_bound_to_the_topics_that_the_trigger_names()
    {
        var topics = new ConcurrentQueue<string>();
        var prefix = Guid.NewGuid().ToString("N");
        await using var host = await RunningHost.StartAsync(broker.Uri, invocation =>
        {
            topics.Enqueue(invocation.RoutingKey);
            return Task.CompletedTask;
        }, """{"topics":"%Prefix%.orders.*, %Prefix%.bills.#"}""", settings: [("Prefix", prefix)]);
        await host.ConsumingAsync();

        foreach (var topic in new[] { "orders.created", "bills.paid.late", "orders.created.twice", "others" })
        {
            await host.Channel.BasicPublishAsync("amq.topic", $"{prefix}.{topic}", mandatory: false, "{}"u8.ToArray());
        }

        await Wait.UntilAsync(() => topics.Count == 2, "the messages of both topics");
        Assert.Equal([$"{prefix}.bills.paid.late", $"{prefix}.orders.created"], topics.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(16)]
    public async Task As_many_messages_are_handled_side_by_side_as_the_trigger_says(int concurrency)
    {
        var (running, peak, done) = (0, 0, 0);
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, async _ =>
        {
            InterlockedMax(ref peak, Interlocked.Increment(ref running));
            await gate.Task;
            Interlocked.Decrement(ref running);
            Interlocked.Increment(ref done);
        }, $$"""{"topics":"#none","concurrency":{{concurrency}},"prefetchCount":40}""");
        await host.ConsumingAsync();

        for (var number = 0; number < 40; number++)
        {
            await host.SendAsync("x");
        }

        await Wait.UntilAsync(() => Volatile.Read(ref running) == concurrency, $"{concurrency} to run");
        gate.SetResult();
        await Wait.UntilAsync(() => Volatile.Read(ref done) == 40, "all to be handled");
        Assert.Equal(concurrency, peak);
    }

    [Fact]
    public async Task Messages_of_one_key_stay_in_order_while_others_run_beside_them()
    {
        var seen = new ConcurrentDictionary<string, ConcurrentQueue<int>>();
        await using var host = await RunningHost.StartAsync(broker.Uri, async invocation =>
        {
            var parts = invocation.Text.Split(' ');
            await Task.Yield();
            seen.GetOrAdd(parts[0], _ => new()).Enqueue(int.Parse(parts[1], CultureInfo.InvariantCulture));
        }, """{"topics":"#none","concurrency":8,"partitionKey":"header:key"}""");
        await host.ConsumingAsync();

        for (var number = 0; number < 400; number++)
        {
            await host.SendAsync($"{number % 7} {number}", new BasicProperties { Headers = new Dictionary<string, object?> { ["key"] = $"{number % 7}" } });
        }

        await Wait.UntilAsync(() => seen.Values.Sum(numbers => numbers.Count) == 400, "all to be handled");
        Assert.All(seen.Values, numbers => Assert.Equal(numbers.Order(), numbers));
    }

    [Fact]
    public async Task While_the_function_is_blocked_the_host_holds_no_more_messages_than_its_prefetch()
    {
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, _ => gate.Task, """{"topics":"#none","concurrency":4,"prefetchCount":25}""");
        await host.ConsumingAsync();

        for (var number = 0; number < 500; number++)
        {
            await host.SendAsync(new string('x', 1000));
        }

        await Wait.UntilAsync(async () => await host.CountAsync() == 475, "the host to hold its prefetch");
        gate.SetResult();
        await Wait.UntilAsync(async () => await host.CountAsync() == 0, "the rest to be handled");
    }

    [Fact]
    public async Task A_broker_that_is_down_at_the_start_leaves_the_function_waiting_and_a_killed_one_too()
    {
        await using var own = await PrivateBroker.StartNewAndKillAsync();
        var seen = new ConcurrentQueue<string>();
        await using var host = await RunningHost.StartAsync(own.Uri, invocation =>
        {
            seen.Enqueue(invocation.Text);
            return Task.CompletedTask;
        }, isBrokerUp: false);

        await own.StartAsync();
        await PublishAsync("first");
        await Wait.UntilAsync(() => seen.Contains("first"), "the message after the start");

        await own.KillAsync();
        await own.StartAsync();
        await PublishAsync("second");
        await Wait.UntilAsync(() => seen.Contains("second"), "the message after the restart");

        async Task PublishAsync(string body)
        {
            await host.ConsumingAsync();
            await using var connection = await own.ConnectAsync();
            await using var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
            await channel.BasicPublishAsync("", host.Queue, mandatory: true, Encoding.UTF8.GetBytes(body));
        }
    }

    [Fact]
    public async Task A_queue_that_is_deleted_is_made_again_and_consumed()
    {
        var seen = new ConcurrentQueue<string>();
        await using var host = await RunningHost.StartAsync(broker.Uri, invocation =>
        {
            seen.Enqueue(invocation.Text);
            return Task.CompletedTask;
        });
        await host.ConsumingAsync();

        await host.Channel.QueueDeleteAsync(host.Queue);

        await host.ConsumingAsync();
        await host.SendAsync("after");
        await Wait.UntilAsync(() => seen.Contains("after"), "the message after it");
    }

    /// <summary>Each ends handled or parked, and what the app reads of it is what was sent.</summary>
    [Fact]
    public async Task Of_five_hundred_hostile_messages_none_stops_the_function_and_each_is_read_as_it_was_sent()
    {
        const int count = 500;
        var seen = new ConcurrentDictionary<string, DeliveryData>();
        await using var host = await RunningHost.StartAsync(broker.Uri, invocation =>
        {
            var data = DeliveryData.Read(invocation.Data);
            seen[data.Properties.MessageId!] = data;
            return Task.CompletedTask;
        }, """{"topics":"#none","concurrency":8,"prefetchCount":100}""");
        await host.ConsumingAsync();
        var copies = (await host.Channel.QueueDeclareAsync()).QueueName;
        await host.Channel.QueueBindAsync(copies, "amq.topic", host.Queue);
        await host.Channel.QueueBindAsync(host.Queue, "amq.topic", host.Queue);

        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}.");
        var messages = new HostileMessages(seed);
        for (var number = 0; number < count; number++)
        {
            var properties = messages.NextProperties();
            properties.MessageId = number.ToString(CultureInfo.InvariantCulture);
            await host.Channel.BasicPublishAsync("amq.topic", host.Queue, mandatory: true, properties, messages.NextBody());
        }

        await Wait.UntilAsync(() => seen.Count == count, "all to be handled");
        for (var number = 0; number < count; number++)
        {
            var sent = (await host.Channel.BasicGetAsync(copies, autoAck: true))!.BasicProperties;
            Assert.Equal((host.Queue, "amq.topic"), (seen[sent.MessageId!].RoutingKey, seen[sent.MessageId!].Exchange));
            var read = seen[sent.MessageId!].Properties;
            Assert.Equal(Describe(sent.Headers), Describe(read.Headers));
            Assert.Equal((sent.ContentType, sent.ContentEncoding), (read.ContentType, read.ContentEncoding));
        }
    }

    [Fact]
    public async Task A_header_that_is_an_unsigned_16_bit_number_or_a_traceparent_that_is_none_is_read()
    {
        var seen = new ConcurrentQueue<DeliveryData>();
        await using var host = await RunningHost.StartAsync(broker.Uri, invocation =>
        {
            seen.Enqueue(DeliveryData.Read(invocation.Data));
            return Task.CompletedTask;
        }, """{"topics":"#none","prefetchCount":1}""");
        await host.ConsumingAsync();

        await host.SendAsync("x", new BasicProperties { Headers = new Dictionary<string, object?> { ["port"] = (ushort)40_000, ["traceparent"] = 7 } });
        await host.SendAsync("y");

        await Wait.UntilAsync(() => seen.Count == 2, "both to be handled");
        Assert.Equal((ushort)40_000, seen.First().Properties.Headers!["port"]);
    }

    [Theory]
    [InlineData("""{"topics":"#none","onError":"Shrug"}""", "'onError' of a RabbitMQ trigger is 'Shrug'. Write one of: Retry, Requeue, DeadLetter, Discard.")]
    [InlineData("""{"topics":"#none","retryDelays":"soon"}""", "'retryDelays' of a RabbitMQ trigger has 'soon', which is not a time.")]
    [InlineData("""{"topics":"#none","prefetchCount":70000}""", "Prefetch is 70000. Set it to a whole number from 1 to 65535.")]
    [InlineData("""{"connectionStringSetting":"Missing"}""", "The setting 'Missing' is missing or empty")]
    [InlineData("""{"queueName":"%Nowhere%"}""", "Nowhere")]
    [InlineData("""{"problem":"Timeout is 'soon'."}""", "Timeout is 'soon'.")]
    public async Task A_trigger_that_makes_no_sense_is_refused_and_the_error_says_why(string trigger, string error)
    {
        var exception = await Assert.ThrowsAnyAsync<Exception>(() => RunningHost.StartAsync(broker.Uri, _ => Task.CompletedTask, trigger));

        Assert.Contains(error, exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Draining_lets_the_functions_at_work_end_and_nothing_is_handled_twice()
    {
        var seen = new ConcurrentQueue<string>();
        var gate = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, async invocation =>
        {
            seen.Enqueue(invocation.Text);
            await gate.Task;
        }, """{"topics":"#none","concurrency":10,"prefetchCount":20}""");
        await host.ConsumingAsync();
        for (var number = 0; number < 50; number++)
        {
            await host.SendAsync($"{number}");
        }

        await Wait.UntilAsync(() => seen.Count == 10, "ten to be at work");
        var draining = host.Get<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None);
        await Client.WaitForConsumersAsync(broker.Uri, host.Queue, count: 0);
        gate.SetResult();
        await draining.WaitAsync(Wait.Patience);
        await host.StopAsync();

        Assert.Equal(50u, (uint)seen.Count + await host.CountAsync());
        Assert.Equal(seen.Count, seen.Distinct().Count());
        var left = new HashSet<string>();
        while (await host.Channel.BasicGetAsync(host.Queue, autoAck: true) is { } message)
        {
            left.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        Assert.Empty(left.Intersect(seen));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_function_that_takes_longer_than_the_host_has_to_stop_is_cancelled_also_while_it_drains_and_its_message_goes_back_uncounted(bool isDraining)
    {
        var working = new TaskCompletionSource();
        await using var host = await RunningHost.StartAsync(broker.Uri, async invocation =>
        {
            working.TrySetResult();
            await Task.Delay(Timeout.Infinite, invocation.CancellationToken);
        }, timeToStop: TimeSpan.FromSeconds(1));
        await host.ConsumingAsync();
        await host.SendAsync("x");
        await working.Task.WaitAsync(Wait.Patience);

        var draining = isDraining ? host.Get<IDrainModeManager>().EnableDrainModeAsync(CancellationToken.None) : Task.CompletedTask;
        await Client.WaitForConsumersAsync(broker.Uri, host.Queue, count: isDraining ? 0u : 1);
        await host.StopAsync();
        await draining.WaitAsync(Wait.Patience);

        var message = await host.Channel.TakeAsync(host.Queue);
        Assert.False(message.BasicProperties.Headers?.ContainsKey("rt-attempts") == true);
    }

    [Fact]
    public async Task A_trigger_that_wants_another_topology_mode_than_its_broker_has_is_refused()
    {
        await using var host = await RunningHost.StartAsync(broker.Uri, _ => Task.CompletedTask);
        var parameter = ((Action<string>)OfAnotherMode).Method.GetParameters()[0];

        var exception = await Assert.ThrowsAsync<FormatException>(() => host.Get<QueueTriggers>().TryCreateAsync(new TriggerBindingProviderContext(parameter, CancellationToken.None)));

        Assert.Equal("'topologyMode' of a RabbitMQ trigger is 'None', and another of the same broker has 'Declare'. Write the same in all of them.", exception.Message);

        static void OfAnotherMode([RabbitMQTrigger("q", TopologyMode = "None")] string message) => _ = message;
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var known = Volatile.Read(ref target); value > known; known = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, known);
        }
    }

    /// <summary>A value with its type.</summary>
    private static string Describe(object? value) => value switch
    {
        null => "null",
        byte[] bytes => $"bytes {Convert.ToHexString(bytes)}",
        BinaryTableValue binary => $"binary {Convert.ToHexString(binary.Bytes)}",
        AmqpTimestamp time => $"time {time.UnixTime}",
        IDictionary<string, object?> table => $"{{{string.Join(", ", table.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {Describe(entry.Value)}"))}}}",
        System.Collections.IList list => $"[{string.Join(", ", list.Cast<object?>().Select(Describe))}]",
        _ => $"{value.GetType().Name} {Convert.ToString(value, CultureInfo.InvariantCulture)}",
    };
}
