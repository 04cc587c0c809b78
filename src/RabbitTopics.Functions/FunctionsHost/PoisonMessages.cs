using System.Collections;
using System.Globalization;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Brokers;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Finds the messages at the head of a queue that Microsoft's client cannot decode, or its listener cannot take, and parks them.</summary>
internal sealed class PoisonMessages(Broker broker, string topicHeader, ILogger logger)
{
    private const string TraceParent = "traceparent";

    /// <summary>Parks them; everything else stays in the queue, in its order. The broker marks what was looked at as redelivered.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="most">How many messages are looked at.</param>
    /// <param name="onlyReturned">Whether the first message that was never delivered before ends the search.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task ParkAsync(TriggerQueue queue, int most, bool onlyReturned, CancellationToken cancellationToken)
    {
        var settler = new DeliverySettler(broker, queue.Topology?.Properties, queue.Options, logger);
        var source = settler.Source(queue.Queue, queue.Function, topicHeader);
        var connection = await broker.Consuming.GetOpenAsync(cancellationToken);

        // What is not acknowledged goes back to its place when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        for (var looked = 0; looked < most && await channel.BasicGetAsync(queue.Queue, autoAck: false, cancellationToken) is { } message; looked++)
        {
            if (Obstacle(message.BasicProperties.Headers) is { } obstacle)
            {
                var decision = new SettleDecision(SettleAction.DeadLetter, Reason: DeadLetterReasons.HostCannotDecode, Description: obstacle);
                await settler.PerformAsync(Read(message, source), decision, "as the host's listener cannot take it", failure: null, cancellationToken);
                await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            }
            else if (onlyReturned && !message.Redelivered)
            {
                return;
            }
        }
    }

    /// <summary>What Microsoft's extension fails on, in words; null where it does not.</summary>
    private static string? Obstacle(IDictionary<string, object?>? headers)
    {
        if (HasUnsignedShort(headers))
        {
            return "A header of AMQP type 'u' (unsigned 16 bit): Microsoft's RabbitMQ extension closes its connection on it. It is an integer here.";
        }

        if (headers is not null && headers.TryGetValue(TraceParent, out var parent) && parent is not byte[])
        {
            return "The header 'traceparent' is not a string: the listener of Microsoft's RabbitMQ extension never settles such a message.";
        }

        return null;
    }

    /// <summary>Whether a header, or a value within one, is of the one type that the client of Microsoft's host (RabbitMQ.Client 6) does not know.</summary>
    private static bool HasUnsignedShort(object? value) => value switch
    {
        ushort => true,
        IDictionary<string, object?> table => table.Values.Any(HasUnsignedShort),
        IList list and not byte[] => list.Cast<object?>().Any(HasUnsignedShort),
        _ => false,
    };

    private static Delivery Read(BasicGetResult message, DeliverySource source)
    {
        var headers = HeaderTable.Read(message.BasicProperties.Headers); // Written again, an unsigned short is another type.
        if (headers.TryGetValue(TraceParent, out var parent) && parent is not string)
        {
            headers.Set(TraceParent, Convert.ToString(parent, CultureInfo.InvariantCulture) ?? "");
        }

        var properties = MessageProperties.Read(message.BasicProperties);
        var envelope = Envelope.Read(headers, properties, message.Exchange, message.RoutingKey, message.Redelivered, message.Body.ToArray(), source.TopicHeader);
        return new Delivery(source, envelope, properties.Write(headers)) { DeliveryTag = message.DeliveryTag, Time = DateTimeOffset.UtcNow };
    }
}
