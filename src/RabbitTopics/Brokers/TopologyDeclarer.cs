using RabbitMQ.Client;
using RabbitTopics.Topology;

namespace RabbitTopics.Brokers;

/// <summary>Makes a topology exist on a broker, or looks whether it does.</summary>
internal static class TopologyDeclarer
{
    /// <summary>Declares a queue, its exchanges and its bindings; what is there already with the same properties stays as it
    /// is. A queue of which the app says nothing is looked for. The broker closes the channel where something is there with other
    /// properties (406), may not be declared (403), or is missing and only looked for (404), and says which.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="topology">What is to exist; null where the queue is somebody else's.</param>
    /// <param name="queue">The queue.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task ApplyAsync(Broker broker, QueueTopology? topology, string queue, CancellationToken cancellationToken)
    {
        if (broker.Mode == TopologyMode.None)
        {
            return;
        }

        await broker.UseChannelAsync(async channel =>
        {
            await ApplyExchangesAsync(channel, (topology?.Bindings ?? []).Select(binding => (binding.Exchange, binding.ExchangeType)).Distinct(), broker.Mode, cancellationToken);
            if (topology is null || broker.Mode == TopologyMode.Verify)
            {
                await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            }
        }, cancellationToken);
        if (topology is null || broker.Mode == TopologyMode.Verify)
        {
            return;
        }

        await broker.DeclareQueueAsync(queue, topology.Properties, cancellationToken);
        await broker.UseChannelAsync(async channel =>
        {
            foreach (var binding in topology.Bindings)
            {
                await channel.QueueBindAsync(queue, binding.Exchange, binding.Topic,
                    Arguments(binding), cancellationToken: cancellationToken);
            }

            foreach (var binding in topology.Removed)
            {
                await channel.QueueUnbindAsync(queue, binding.Exchange, binding.Topic, Arguments(binding), cancellationToken);
            }
        }, cancellationToken);

        static Dictionary<string, object?>? Arguments(TopicBinding binding) => binding.Arguments is null ? null : new(binding.Arguments);
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
