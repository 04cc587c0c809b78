using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitTopics.Brokers;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.TestSupport;
using RabbitTopics.Topology;

namespace RabbitTopics.Soak;

/// <summary>Confirmed publishes from several callers, with the broker killed three times: every publish that returned is received, and
/// those of one caller in their order.</summary>
internal sealed class PublishSoak(int messages)
{
    private const int Callers = 8;
    private const int InFlightOfCaller = 100;
    private const int Kills = 3;
    private const string Queue = "soak.publish";

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly int _each = messages / Callers;
    private readonly bool[][] _confirmed = NewMarks(messages / Callers);
    private readonly bool[][] _received = NewMarks(messages / Callers);
    private readonly int[] _last = [.. Enumerable.Repeat(-1, Callers)];
    private long _distinct;
    private int _disordered;
    private int _again;

    public async Task<bool> RunAsync()
    {
        await using var broker = await PrivateBroker.StartNewAsync();
        await using var services = Services(broker.Uri);
        var library = services.GetRequiredService<AppBrokers>().Get("RabbitMQ");
        await using var consumer = new QueueConsumer(library, services.GetRequiredService<QueueHealth>(), new QueueConsumerOptions
        {
            Queue = Queue,
            Handler = "Soak",
            Topology = new QueueTopology("RabbitMQ", Queue, [new TopicBinding("amq.topic", Queue)]),
            HandlerOptions = new HandlerOptions { Prefetch = 300 },
        }, (delivery, _) =>
        {
            Receive(delivery);
            return ValueTask.CompletedTask;
        }, NullLogger.Instance);
        consumer.Start();
        await Client.WaitForConsumersAsync(broker.Uri, Queue);
        var publisher = services.GetRequiredService<ITopicPublisher>();
        Say($"{_each * Callers} messages from {Callers} callers, {InFlightOfCaller} in flight each");

        var publishing = Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => PublishAsync(publisher, caller))));
        for (var kill = 1; kill <= Kills; kill++)
        {
            await Wait.UntilAsync(() => Interlocked.Read(ref _distinct) >= (long)messages * kill / (Kills + 2), $"messages before kill {kill}", TimeSpan.FromMinutes(10));
            Say($"killing the broker, {_distinct} received");
            await broker.KillAsync();
            await broker.StartAsync();
        }

        await publishing;
        var confirmed = _confirmed.Sum(marks => marks.Count(mark => mark));
        Say($"{confirmed} confirmed, {_each * Callers - confirmed} failed");
        await Wait.UntilAsync(async () => Missing() == 0 || (await Client.CountAsync(broker.Uri, Queue) == 0 && Missing() > 0 && await QuietAsync()), "the queue to be drained", TimeSpan.FromMinutes(10));
        await consumer.StopAsync(CancellationToken.None);

        var missing = Missing();
        Say($"{confirmed} confirmed, {_distinct} received, {missing} missing, {_disordered} out of their caller's order, {_again} received again after the broker was killed; "
            + $"peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB, {confirmed / _clock.Elapsed.TotalSeconds:0} messages/s over all");
        return missing == 0 && _disordered == 0;
    }

    private static bool[][] NewMarks(int each) => [.. Enumerable.Range(0, Callers).Select(_ => new bool[each])];

    private static ServiceProvider Services(Uri broker)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", broker.OriginalString)]).Build());
        services.AddLogging();
        services.AddRabbitTopics();
        return services.BuildServiceProvider();
    }

    private async Task PublishAsync(ITopicPublisher publisher, int caller)
    {
        using var places = new SemaphoreSlim(InFlightOfCaller, InFlightOfCaller);
        for (var number = 0; number < _each; number++)
        {
            await places.WaitAsync();
            _ = PublishOneAsync(number);
        }

        for (var place = 0; place < InFlightOfCaller; place++)
        {
            await places.WaitAsync(); // Each comes free with the end of a publish.
        }

        async Task PublishOneAsync(int number)
        {
            try
            {
                await publisher.PublishAsync(Queue, BitConverter.GetBytes(((long)caller << 32) | (uint)number));
                _confirmed[caller][number] = true;
            }
            catch (TopicPublishException)
            {
                // The broker was killed; it may have the message or not, and nobody was told that it has.
            }
            finally
            {
                places.Release();
            }
        }
    }

    private void Receive(Delivery delivery)
    {
        var identity = BitConverter.ToInt64(delivery.Message.Body.Span);
        var (caller, number) = ((int)(identity >> 32), (int)identity);
        if (_received[caller][number])
        {
            _again++;
        }
        else
        {
            _received[caller][number] = true;
            Interlocked.Increment(ref _distinct);
            if (number < _last[caller])
            {
                _disordered++;
            }

            _last[caller] = number;
        }
    }

    private int Missing() => Enumerable.Range(0, Callers).Sum(caller => Enumerable.Range(0, _each).Count(number => _confirmed[caller][number] && !_received[caller][number]));

    /// <summary>Whether nothing comes any more: what is still unacknowledged is not counted in the queue.</summary>
    private async Task<bool> QuietAsync()
    {
        var before = Interlocked.Read(ref _distinct);
        await Task.Delay(TimeSpan.FromSeconds(5));
        return Interlocked.Read(ref _distinct) == before;
    }

    private void Say(string text) => Console.WriteLine($"{_clock.Elapsed:mm\\:ss} {text}");
}
