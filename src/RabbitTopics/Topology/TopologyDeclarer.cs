using RabbitMQ.Client;

namespace RabbitTopics.Topology;

/// <summary>Makes a topology exist on a broker, or looks whether it does.</summary>
internal static class TopologyDeclarer
{
    /// <summary>Declares a queue, its exchanges and its bindings; what is there already with the same properties stays as it
    /// is. The broker closes the channel where something is there with other properties (406), may not be declared
    /// (403), or is missing and only looked for (404), and says which.</summary>
    public static async Task ApplyAsync(IChannel channel, QueueTopology topology, TopologyMode mode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(topology);
        await ApplyExchangesAsync(channel, topology.Bindings.Select(binding => (binding.Exchange, binding.ExchangeType)).Distinct(), mode, cancellationToken);
        switch (mode)
        {
            case TopologyMode.Declare:
                var properties = topology.Properties;
                await channel.QueueDeclareAsync(topology.Queue, properties.Durable, properties.Exclusive, properties.AutoDelete,
                    new Dictionary<string, object?>(properties.Arguments), cancellationToken: cancellationToken);
                foreach (var binding in topology.Bindings)
                {
                    await channel.QueueBindAsync(topology.Queue, binding.Exchange, binding.Topic,
                        binding.Arguments is null ? null : new Dictionary<string, object?>(binding.Arguments), cancellationToken: cancellationToken);
                }

                foreach (var binding in topology.Removed)
                {
                    await channel.QueueUnbindAsync(topology.Queue, binding.Exchange, binding.Topic,
                        binding.Arguments is null ? null : new Dictionary<string, object?>(binding.Arguments), cancellationToken);
                }

                break;

            case TopologyMode.Verify:
                await channel.QueueDeclarePassiveAsync(topology.Queue, cancellationToken);
                break;
        }
    }

    /// <summary>Declares durable exchanges. The broker's own (<c>amq.*</c>) are only looked for: an app may not declare
    /// them (AMQP 0-9-1, exchange.declare, reserved names).</summary>
    public static async Task ApplyExchangesAsync(
        IChannel channel, IEnumerable<(string Name, string Type)> exchanges, TopologyMode mode, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(exchanges);
        if (mode == TopologyMode.None)
        {
            return;
        }

        foreach (var (name, type) in exchanges)
        {
            await (mode == TopologyMode.Verify || name.StartsWith("amq.", StringComparison.Ordinal)
                ? channel.ExchangeDeclarePassiveAsync(name, cancellationToken)
                : channel.ExchangeDeclareAsync(name, type, durable: true, autoDelete: false, cancellationToken: cancellationToken));
        }
    }
}
