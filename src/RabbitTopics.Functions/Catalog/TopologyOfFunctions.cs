using RabbitTopics.Settings;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Derives from the attributes on the functions what must exist on the brokers.</summary>
internal static class TopologyOfFunctions
{
    /// <summary>The topology of the given functions.</summary>
    /// <exception cref="FormatException">An attribute makes no sense; the message names the function.</exception>
    public static AppTopology Build(IEnumerable<FunctionDescription> functions, RabbitTopicsOptions options, SettingReferences settings)
    {
        var topology = new AppTopology();
        foreach (var function in functions)
        {
            if (function.Subscriptions.Count > 0)
            {
                var trigger = function.Trigger ?? throw new FormatException(
                    $"Function '{function.Name}' has [TopicSubscription] and no [RabbitMQTrigger]. Put both on one parameter.");
                topology.Add(new QueueTopology(
                    trigger.ConnectionStringSetting is { Length: > 0 } setting ? setting : options.ConnectionStringSetting,
                    settings.Resolve(trigger.QueueName),
                    [.. function.Subscriptions.Select(subscription => Binding(function, subscription, options, settings))]));
            }

            foreach (var output in function.Outputs)
            {
                topology.AddExchange(
                    output.Attribute.ConnectionStringSetting ?? options.ConnectionStringSetting,
                    settings.Resolve(output.Attribute.Exchange ?? options.Exchange));
            }
        }

        return topology;
    }

    private static TopicBinding Binding(
        FunctionDescription function, TopicSubscriptionAttribute subscription, RabbitTopicsOptions options, SettingReferences settings) =>
        string.IsNullOrWhiteSpace(subscription.Topic)
            ? throw new FormatException($"Function '{function.Name}' subscribes to an empty topic. Name one, or '#' for all.")
            : new TopicBinding(settings.Resolve(subscription.Exchange ?? options.Exchange), settings.Resolve(subscription.Topic));
}
