using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Publishing;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Publishing;

public sealed class ConfirmedPublisherTests(SharedBroker broker)
{
    private readonly ConcurrentQueue<IChannel> _opened = new();

    [Fact]
    public async Task A_channel_that_nobody_publishes_on_is_closed_and_the_next_publish_opens_another()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(broker.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, 10, idleTime: TimeSpan.FromMilliseconds(200));

        await PublishAsync(publisher, library.Queue);
        await Wait.UntilAsync(() => _opened.Single().IsClosed, "the channel to be closed");
        await PublishAsync(publisher, library.Queue);

        Assert.Equal(2, _opened.Count);
    }

    [Fact]
    public async Task A_publish_that_was_never_sent_survives_the_loss_of_its_channel()
    {
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(broker.Uri);
        await using var publisher = new ConfirmedPublisher(connection, async (exchange, channel, token) =>
        {
            await NoteAsync(exchange, channel, token);
            if (_opened.Count == 1)
            {
                await channel.CloseAsync(token);
            }
        }, 10);

        await PublishAsync(publisher, library.Queue);

        Assert.Equal(2, _opened.Count);
        Assert.Equal(1u, (await library.Channel.QueueDeclarePassiveAsync(library.Queue)).MessageCount);
    }

    [Fact]
    public async Task Publishes_that_the_broker_does_not_answer_are_forgotten_when_their_time_is_over()
    {
        const int mostInFlight = 5;
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(proxy.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, mostInFlight);
        await PublishAsync(publisher, library.Queue);

        proxy.SwallowsAnswers = true;
        var bodies = new List<WeakReference>();
        var unanswered = Enumerable.Range(0, 4 * mostInFlight).Select(_ => PublishAsync(publisher, library.Queue, NewBody(bodies), TimeSpan.FromMilliseconds(500))).ToArray();
        Assert.All(await Task.WhenAll(unanswered.Select(publish => Assert.ThrowsAsync<PublishTimeoutException>(() => publish))), Assert.NotNull);
        proxy.SwallowsAnswers = false;
        await PublishAsync(publisher, library.Queue);

        Assert.Single(_opened);
        await Wait.UntilAsync(() =>
        {
            GC.Collect();
            return bodies.All(body => !body.IsAlive);
        }, "the bodies to be forgotten");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_publish_that_waits_for_its_turn_is_sent_when_the_one_before_it_is_given_up(bool isCancelled)
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(proxy.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, mostInFlight: 1);
        await PublishAsync(publisher, library.Queue);
        using var cancellation = new CancellationTokenSource();

        proxy.SwallowsAnswers = true;
        var first = publisher.PublishAsync("", library.Queue, new BasicProperties(), new byte[1], isCancelled ? TimeSpan.FromMinutes(1) : TimeSpan.FromMilliseconds(300), cancellation.Token);
        var second = PublishAsync(publisher, library.Queue, timeout: TimeSpan.FromMinutes(1));
        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(library.Queue) >= 2, "the first of them");
        await (isCancelled ? cancellation.CancelAsync() : Task.CompletedTask);
        await Assert.ThrowsAnyAsync<Exception>(() => first);

        await Wait.UntilAsync(async () => await library.Channel.MessageCountAsync(library.Queue) == 3, "the second");
        Assert.False(second.IsCompleted);
        _ = second.ContinueWith(static failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    [Fact]
    public async Task The_callers_cancellation_ends_a_publish_as_such_and_the_next_one_works()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(proxy.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, 10);
        await PublishAsync(publisher, library.Queue);
        using var cancellation = new CancellationTokenSource();

        proxy.SwallowsAnswers = true;
        var publish = publisher.PublishAsync("", library.Queue, new BasicProperties(), new byte[1], TimeSpan.FromMinutes(1), cancellation.Token);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => publish);

        proxy.SwallowsAnswers = false;
        await PublishAsync(publisher, library.Queue);
    }

    [Fact]
    public async Task What_waits_when_the_publisher_is_closed_fails_at_once()
    {
        await using var nowhere = new TcpProxy(broker.Uri) { IsBlackhole = true };
        await using var connection = Connection(nowhere.Uri);
        var publisher = new ConfirmedPublisher(connection, NoteAsync, 1);
        var waiting = Enumerable.Range(0, 5).Select(_ => PublishAsync(publisher, "queue", timeout: TimeSpan.FromMinutes(1))).ToArray();

        await publisher.DisposeAsync();

        foreach (var publish in waiting)
        {
            await Assert.ThrowsAsync<BrokerUnavailableException>(() => publish.WaitAsync(TimeSpan.FromSeconds(10)));
        }
    }

    [Fact]
    public async Task Publishes_that_wait_for_the_broker_have_a_bound_in_bytes_and_one_over_it_fails_at_once()
    {
        await using var proxy = new TcpProxy(broker.Uri) { IsBlackhole = true };
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await using var connection = Connection(proxy.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, mostInFlight: 1, mostBytes: 3048);

        // One that is alone may be longer.
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => PublishAsync(publisher, library.Queue, new byte[4000], TimeSpan.FromMilliseconds(50)));
        var waiting = new[] { PublishAsync(publisher, library.Queue, new byte[500]), PublishAsync(publisher, library.Queue, new byte[500]) };

        var refused = PublishAsync(publisher, library.Queue, new byte[1]);
        Assert.True(refused.IsCompleted);
        var error = await Assert.ThrowsAsync<PublishBacklogException>(() => refused);
        Assert.Contains("publishes to this exchange with 3048 bytes wait for the broker, and MaxPublishBacklogBytes is 3048.", error.Message, StringComparison.Ordinal);

        proxy.IsBlackhole = false;
        proxy.Reset();
        await Task.WhenAll(waiting);
        await PublishAsync(publisher, library.Queue, new byte[2000]);
    }

    [Fact]
    public async Task The_room_of_publishes_that_ended_in_any_way_is_free_again()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false,
            arguments: new Dictionary<string, object?> { ["x-max-length"] = 1, ["x-overflow"] = "reject-publish" });
        await using var connection = Connection(proxy.Uri);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, mostInFlight: 10, mostBytes: 3048);
        var half = new byte[500];

        await PublishAsync(publisher, library.Queue, half);
        for (var round = 0; round < 3; round++)
        {
            await Wait.UntilAsync(IsReturnedAsync, "a message that comes back, on a new connection after the first time");
            await Assert.ThrowsAsync<PublishNackedException>(async () =>
            {
                while (true) // The queue takes a message more than its length.
                {
                    await PublishAsync(publisher, library.Queue, half);
                }
            });
            proxy.IsBlackhole = true;
            using var cancelled = new CancellationTokenSource();
            var waiting = PublishAsync(publisher, library.Queue, half, cancellationToken: cancelled.Token);
            await cancelled.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
            await Assert.ThrowsAnyAsync<TopicPublishException>(() => PublishAsync(publisher, library.Queue, half, TimeSpan.FromMilliseconds(50)));
            proxy.IsBlackhole = false;
            proxy.Reset();
        }

        await library.Channel.QueuePurgeAsync(library.Queue);
        await Wait.UntilAsync(IsReturnedAsync, "the last connection");
        await Task.WhenAll(PublishAsync(publisher, library.Queue, half), Assert.ThrowsAsync<PublishReturnedException>(() => PublishAsync(publisher, $"{library.Queue}.none", half)));

        async Task<bool> IsReturnedAsync()
        {
            try
            {
                await PublishAsync(publisher, $"{library.Queue}.none", half);
                return false;
            }
            catch (BrokerUnavailableException)
            {
                return false; // The connection that was reset.
            }
            catch (PublishReturnedException)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task What_a_connection_logs_is_not_part_of_the_call_that_opened_it()
    {
        await using var proxy = new TcpProxy(broker.Uri);
        await using var library = await Library.OnAsync(broker.Uri);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        var log = new ContextLogger();
        await using var connection = Connection(proxy.Uri, log);
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, 10);

        log.Context.Value = "an invocation";
        await PublishAsync(publisher, library.Queue);
        proxy.Reset();

        await Wait.UntilAsync(() => log.Lines.Any(line => line.Text.StartsWith("Lost the connection", StringComparison.Ordinal)), "the loss in the log");
        Assert.All(log.Lines, line => Assert.Null(line.Context));
    }

    private static byte[] NewBody(List<WeakReference> bodies)
    {
        var body = new byte[1000];
        bodies.Add(new WeakReference(body));
        return body;
    }

    private static Task PublishAsync(ConfirmedPublisher publisher, string queue, byte[]? body = null, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        publisher.PublishAsync("", queue, new BasicProperties(), body ?? new byte[1], timeout ?? TimeSpan.FromSeconds(20), cancellationToken);

    private static BrokerConnection Connection(Uri uri, ILogger? logger = null) => new(
        BrokerEndpoint.From(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", uri.OriginalString)]).Build(), "RabbitMQ"), "test", logger ?? NullLogger.Instance);

    /// <summary>Notes in what context each line was logged.</summary>
    private sealed class ContextLogger : ILogger
    {
        public AsyncLocal<string?> Context { get; } = new();

        public ConcurrentQueue<(string Text, string? Context)> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Enqueue((formatter(state, exception), Context.Value));
    }

    private Task NoteAsync(string exchange, IChannel channel, CancellationToken cancellationToken)
    {
        _opened.Enqueue(channel);
        return Task.CompletedTask;
    }
}
