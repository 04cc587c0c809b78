using System.Collections;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Finds the messages at the head of a queue that Microsoft's client cannot decode, and parks them.</summary>
internal sealed class UndecodableMessages(Broker broker, string topicHeader, TimeProvider time, ILogger logger)
{
    /// <summary>Parks them; everything else stays in the queue, in its order.</summary>
    public async Task ParkAsync(TriggerQueue queue, int most, CancellationToken cancellationToken)
    {
        var copies = new CopyPublisher(broker, queue.Topology?.Properties, time);
        var connection = await broker.Consuming.GetOpenAsync(cancellationToken);

        // What is not acknowledged goes back to its place when the channel closes.
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        for (var looked = 0; looked < most && await channel.BasicGetAsync(queue.Queue, autoAck: false, cancellationToken) is { } message; looked++)
        {
            if (!HasUnsignedShort(message.BasicProperties.Headers))
            {
                continue;
            }

            var delivery = Read(message, queue);
            var parkedIn = await copies.ParkAsync(delivery, new DeadLetter(DeadLetterReasons.HostCannotDecode,
                "A header of AMQP type 'u' (unsigned 16 bit): Microsoft's RabbitMQ extension closes its connection on it. It is an integer here.", null));
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, cancellationToken);
            logger.LogError("Function '{Function}': a message of queue '{Queue}' with topic '{Topic}' has a header of AMQP type 'u', which ends the host's listener. It is parked in '{ParkedIn}'.",
                queue.Function, queue.Queue, delivery.Message.Topic, parkedIn);
        }
    }

    /// <summary>Whether a header, or a value within one, is of the one type that the client of Microsoft's host (RabbitMQ.Client 6) does not know.</summary>
    private static bool HasUnsignedShort(object? value) => value switch
    {
        ushort => true,
        IDictionary<string, object?> table => table.Values.Any(HasUnsignedShort),
        IList list and not byte[] => list.Cast<object?>().Any(HasUnsignedShort),
        _ => false,
    };

    private Delivery Read(BasicGetResult message, TriggerQueue queue)
    {
        var headers = HeaderTable.Read(message.BasicProperties.Headers);
        var properties = MessageProperties.Read(message.BasicProperties);
        return new Delivery
        {
            Queue = queue.Queue,
            Handler = queue.Function,
            ConsumerTag = "",
            DeliveryTag = message.DeliveryTag,
            TopicHeader = topicHeader,
            Time = time.GetUtcNow(),
            Message = Messages.Envelope.Read(headers, properties, message.Exchange, message.RoutingKey, message.Redelivered, message.Body.ToArray(), topicHeader),
            RawProperties = properties.Write(headers), // Which writes the number as another type.
        };
    }
}
