using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Telemetry;

public sealed class MetricsTests : IDisposable
{
    private readonly SharedBroker _broker;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _measured = new();

    public MetricsTests(SharedBroker broker)
    {
        _broker = broker;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == RabbitTopicsTelemetry.MeterName)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task A_handling_is_counted_with_its_time_its_attempts_and_what_became_of_the_message()
    {
        await using var library = await Library.OnAsync(_broker.Uri);
        var options = new HandlerOptions { OnError = { Delays = [TimeSpan.FromMilliseconds(100)], MaxAttempts = 2 } };
        await using (var consumer = library.Consumer((delivery, _) => delivery.Message.Body.Length == 1 ? ValueTask.CompletedTask : throw new TimeoutException("It fails."), options))
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(_broker.Uri, library.Queue);
            await library.SendAsync("a");
            await library.SendAsync("bad");
            await library.Channel.TakeAsync($"{library.Queue}.dead");
        }

        await Wait.UntilAsync(() => Sum("messaging.client.consumed.messages") >= 3 && Sum("rabbittopics.messages.dead_lettered") >= 1, "what is counted when a message is settled");
        Assert.Equal(3, Sum("messaging.client.consumed.messages"));
        Assert.Equal(2, Sum("messaging.client.consumed.messages", ("error.type", "System.TimeoutException")));
        Assert.Equal(3, Of("messaging.process.duration").Count());
        Assert.Equal([1, 2], Of("rabbittopics.message.attempts").Select(measured => measured.Value).Order());
        Assert.Equal(1, Sum("rabbittopics.messages.retried"));
        Assert.Equal(1, Sum("rabbittopics.messages.dead_lettered", ("rabbittopics.dead_letter.reason", "max-attempts")));
        Assert.Equal([-1, -1, -1, 1, 1, 1], Of("rabbittopics.messages.in_flight").Select(measured => measured.Value).Order());
        Assert.All(Of("messaging.client.consumed.messages"), measured => Assert.Equal("Test", measured.Tags["rabbittopics.handler"]));

        IEnumerable<(string Name, double Value, Dictionary<string, object?> Tags)> Of(string name) =>
            _measured.Where(measured => measured.Name == name && Equals(measured.Tags["messaging.destination.name"], library.Queue));

        double Sum(string name, (string Name, object Value)? tag = null) =>
            Of(name).Where(measured => tag is not { } wanted || Equals(measured.Tags.GetValueOrDefault(wanted.Name), wanted.Value)).Sum(measured => measured.Value);
    }

    [Fact]
    public async Task A_reason_of_a_handlers_own_is_no_value_of_an_attribute()
    {
        await using var library = await Library.OnAsync(_broker.Uri);
        await using (var consumer = library.Consumer(async (delivery, token) => await delivery.Actions.DeadLetterAsync($"reason {Guid.NewGuid()}", cancellationToken: token)))
        {
            consumer.Start();
            await Client.WaitForConsumersAsync(_broker.Uri, library.Queue);
            await library.SendAsync("a");
            await library.Channel.TakeAsync($"{library.Queue}.dead");
        }

        await Wait.UntilAsync(() => Parked().Any(), "what is counted when a message is settled");
        Assert.Equal("by-handler", Assert.Single(Parked()).Tags["rabbittopics.dead_letter.reason"]);

        IEnumerable<(string Name, double Value, Dictionary<string, object?> Tags)> Parked() =>
            _measured.Where(measured => measured.Name == "rabbittopics.messages.dead_lettered" && Equals(measured.Tags["messaging.destination.name"], library.Queue));
    }

    [Fact]
    public async Task A_publish_is_counted_with_its_time_and_its_error_by_exchange()
    {
        await using var library = await Library.OnAsync(_broker.Uri);
        var exchange = $"metrics-{Guid.NewGuid():N}";
        await library.Channel.ExchangeDeclareAsync(exchange, "topic", durable: true, autoDelete: false);
        await library.Channel.QueueDeclareAsync(library.Queue, durable: true, exclusive: false, autoDelete: false);
        await library.Channel.QueueBindAsync(library.Queue, exchange, "a");
        var publisher = library.Get<ITopicPublisher>();

        await publisher.PublishAsync("a", 1, new PublishOptions { Exchange = exchange });
        await Assert.ThrowsAsync<PublishReturnedException>(() => publisher.PublishAsync("b", 1, new PublishOptions { Exchange = exchange }));
        _listener.RecordObservableInstruments();
        await library.Channel.ExchangeDeleteAsync(exchange);

        var sent = _measured.Where(measured => Equals(measured.Tags.GetValueOrDefault("messaging.destination.name"), exchange)).ToLookup(measured => measured.Name);
        Assert.Equal([null, typeof(PublishReturnedException).FullName], sent["messaging.client.sent.messages"].Select(measured => measured.Tags.GetValueOrDefault("error.type")));
        Assert.Equal(2, sent["messaging.client.operation.duration"].Count());
        Assert.Equal(0, Assert.Single(sent["rabbittopics.publishes.waiting"]).Value);
    }

    [Fact]
    public async Task A_connection_that_is_opened_again_is_counted()
    {
        await using var proxy = new TcpProxy(_broker.Uri);
        await using var library = await Library.OnAsync(proxy.Uri);
        await using var consumer = library.Consumer((_, _) => ValueTask.CompletedTask);
        consumer.Start();
        await Client.WaitForConsumersAsync(_broker.Uri, library.Queue);

        proxy.Reset();

        await Wait.UntilAsync(() => _measured.Any(measured => measured.Name == "rabbittopics.connection.reconnects" && Equals(measured.Tags["server.port"], proxy.Uri.Port)), "a reconnect");
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        _measured.Enqueue((instrument.Name, value, tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value)));
}
