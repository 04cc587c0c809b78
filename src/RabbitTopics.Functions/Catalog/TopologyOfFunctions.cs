using Microsoft.Extensions.Configuration;
using RabbitTopics.Connection;
using RabbitTopics.Settings;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Derives from the attributes on the functions what must exist on the brokers.</summary>
internal sealed class TopologyOfFunctions(RabbitTopicsOptions options, SettingReferences settings, IConfiguration configuration)
{
    private static readonly char[] Wildcards = ['*', '#'];

    private readonly AppTopology _topology = new();

    /// <summary>The topology of the given functions. Attributes that make no sense, or refer to settings that are missing or
    /// wrong, are its <see cref="AppTopology.Problems"/>.</summary>
    public AppTopology Build(IEnumerable<FunctionDescription> functions)
    {
        foreach (var function in functions)
        {
            try
            {
                AddSubscriptions(function);
                foreach (var output in function.Outputs)
                {
                    AddOutput(output.Attribute);
                }
            }
            catch (Exception exception) when (exception is FormatException or MissingSettingException or BrokerSettingException)
            {
                _topology.AddProblem($"Function '{function.Name}': {exception.Message}");
            }
        }

        return _topology;
    }

    private void AddSubscriptions(FunctionDescription function)
    {
        if (function.Subscriptions.Count == 0)
        {
            return;
        }

        var trigger = function.Trigger ?? throw new FormatException("it has [TopicSubscription] and no [RabbitMQTrigger]. Put both on one parameter.");
        _topology.Add(new QueueTopology(
            trigger.ConnectionStringSetting is { Length: > 0 } setting ? setting : options.ConnectionStringSetting,
            settings.Resolve(trigger.QueueName),
            [.. function.Subscriptions.Select(Binding)]));
    }

    private TopicBinding Binding(TopicSubscriptionAttribute subscription) =>
        string.IsNullOrWhiteSpace(subscription.Topic)
            ? throw new FormatException("it subscribes to an empty topic. Name one, or '#' for all.")
            : new TopicBinding(settings.Resolve(subscription.Exchange ?? options.Exchange), settings.Resolve(subscription.Topic));

    private void AddOutput(TopicOutputAttribute output)
    {
        var topic = settings.Resolve(output.Topic ?? "");
        if (topic.Length == 0 || topic.IndexOfAny(Wildcards) >= 0)
        {
            throw new FormatException($"it publishes to '{topic}'. Name one topic; wildcards are for subscriptions.");
        }

        var setting = output.ConnectionStringSetting ?? options.ConnectionStringSetting;
        _ = BrokerEndpoint.From(configuration, setting); // Said now, and not by the first publish.
        _topology.AddExchange(setting, settings.Resolve(output.Exchange ?? options.Exchange));
    }
}
