using RabbitMQ.Client;

namespace RabbitTopics.Topology;

/// <summary>Makes a topology exist on a broker.</summary>
public static class TopologyDeclarer
{
    /// <summary>Declares a queue, its exchanges and its bindings; what is there already with the same properties stays as it
    /// is. The broker closes the channel where something is there with other properties (406) or may not be declared
    /// (403), and says which.</summary>
    public static async Task DeclareAsync(IChannel channel, QueueTopology topology, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(topology);
        await DeclareExchangesAsync(channel, topology.Bindings.Select(binding => binding.Exchange).Distinct(), cancellationToken);
        await channel.QueueDeclareAsync(topology.Queue, durable: true, exclusive: false, autoDelete: false,
            cancellationToken: cancellationToken);
        foreach (var binding in topology.Bindings)
        {
            await channel.QueueBindAsync(topology.Queue, binding.Exchange, binding.Topic, cancellationToken: cancellationToken);
        }
    }

    /// <summary>Declares durable topic exchanges. The broker's own (<c>amq.*</c>) are only looked for: an app may not declare
    /// them (AMQP 0-9-1, exchange.declare, reserved names).</summary>
    public static async Task DeclareExchangesAsync(IChannel channel, IEnumerable<string> exchanges, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(exchanges);
        foreach (var exchange in exchanges)
        {
            await (exchange.StartsWith("amq.", StringComparison.Ordinal)
                ? channel.ExchangeDeclarePassiveAsync(exchange, cancellationToken)
                : channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, durable: true, autoDelete: false,
                    cancellationToken: cancellationToken));
        }
    }
}
