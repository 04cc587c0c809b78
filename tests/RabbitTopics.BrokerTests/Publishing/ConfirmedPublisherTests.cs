using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Publishing;
using RabbitTopics.Testing;

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
        await using var publisher = new ConfirmedPublisher(connection, NoteAsync, mostInFlight: 1, mostBytes: 1000);

        // One that is alone may be longer.
        await Assert.ThrowsAsync<BrokerUnavailableException>(() => PublishAsync(publisher, library.Queue, new byte[2000], TimeSpan.FromMilliseconds(50)));
        var waiting = new[] { PublishAsync(publisher, library.Queue, new byte[500]), PublishAsync(publisher, library.Queue, new byte[500]) };

        var refused = PublishAsync(publisher, library.Queue, new byte[1]);
        Assert.True(refused.IsCompleted);
        var error = await Assert.ThrowsAsync<PublishBacklogException>(() => refused);
        Assert.Contains("publishes to this exchange with 1000 bytes wait for the broker, and MaxPublishBacklogBytes is 1000.", error.Message, StringComparison.Ordinal);

        proxy.IsBlackhole = false;
        proxy.Reset();
        await Task.WhenAll(waiting);
        await PublishAsync(publisher, library.Queue, new byte[900]);
    }

    private static byte[] NewBody(List<WeakReference> bodies)
    {
        var body = new byte[1000];
        bodies.Add(new WeakReference(body));
        return body;
    }

    private static Task PublishAsync(ConfirmedPublisher publisher, string queue, byte[]? body = null, TimeSpan? timeout = null) =>
        publisher.PublishAsync("", queue, new BasicProperties(), body ?? new byte[1], timeout ?? TimeSpan.FromSeconds(20), CancellationToken.None);

    private static BrokerConnection Connection(Uri uri) => new(
        BrokerEndpoint.From(new ConfigurationBuilder().AddInMemoryCollection([new("RabbitMQ", uri.OriginalString)]).Build(), "RabbitMQ"), "test", NullLogger.Instance);

    private Task NoteAsync(string exchange, IChannel channel, CancellationToken cancellationToken)
    {
        _opened.Enqueue(channel);
        return Task.CompletedTask;
    }
}
