using Microsoft.Extensions.Configuration;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Reads the functions' attributes for the topology that must exist on the brokers.</summary>
internal sealed class TopologyOfFunctions(RabbitTopicsOptions options, SettingReferences settings, IConfiguration configuration)
{
    private static readonly char[] Wildcards = ['*', '#'];

    private readonly AppTopology _topology = new() { ExchangeType = options.ExchangeType };
    private readonly Dictionary<QueueTopology, string> _functions = [];

    /// <summary>The topology of the given functions. Attributes that make no sense, or refer to settings that are missing or
    /// wrong, are its <see cref="AppTopology.Problems"/>.</summary>
    public AppTopology Build(IEnumerable<FunctionDescription> functions)
    {
        if (TopologySetting.Problem(configuration) is { } problem)
        {
            _topology.Problems.Add(problem);
        }

        foreach (var function in functions.Where(function => !DisabledFunctions.Contains(configuration, function.Name)))
        {
            Action[] parts =
            [
                () =>
                {
                    CheckTrigger(function);
                    AddSubscriptions(function);
                },
                .. function.Outputs.Select(output => (Action)(() => AddOutput(output.Attribute))),
                .. function.Collectors.Select(collector => (Action)(() => AddCollector(function, collector))),
            ];
            Array.ForEach(parts, part => _topology.Problems.IsFree(function.Name, part));
        }

        return _topology;
    }

    private void CheckTrigger(FunctionDescription function)
    {
        if (function.Trigger is { } trigger && string.IsNullOrWhiteSpace(settings.Resolve(trigger.QueueName)))
        {
            // The broker would make a queue of a name of its own, a new one at each start.
            throw new FormatException("its [RabbitMQTrigger] names an empty queue. Name one.");
        }

        if (function.Subscriptions.Count > 0 && settings.Resolve(function.Trigger?.QueueName ?? "").StartsWith("amq.", StringComparison.Ordinal))
        {
            throw new FormatException("its queue has a name that begins with 'amq.', which only the broker gives. Give it another.");
        }

        if (function.Trigger is null && function.Method.GetParameters().FirstOrDefault(parameter => IsOfMessage(parameter.ParameterType)) is { } parameter)
        {
            throw new FormatException($"its parameter '{parameter.Name}' is a {parameter.ParameterType.Name.Split('`')[0]}, which only a function with [RabbitMQTrigger] has. Take it off.");
        }
    }

    private void AddSubscriptions(FunctionDescription function)
    {
        if (function.Subscriptions.Count == 0)
        {
            if (function.QueueOptions is not null)
            {
                throw new FormatException("it has [QueueOptions] and no [TopicSubscription], so that its queue is not declared. Add [TopicSubscription], or take [QueueOptions] off.");
            }

            return;
        }

        var trigger = function.Trigger ?? throw new FormatException("it has [TopicSubscription] and no [RabbitMQTrigger]. Put both on one parameter.");
        var name = settings.Resolve(trigger.QueueName);
        var (bindings, removed, properties) = (new List<TopicBinding>(), new List<TopicBinding>(), new QueueProperties());
        Action[] parts =
        [
            .. function.Subscriptions.Select(subscription => (Action)(() => (subscription.Remove ? removed : bindings).Add(Binding(subscription)))),
            () => properties = function.QueueOptions is { } queueOptions ? new QueueArguments(settings).Queue(name, queueOptions) : properties,
        ];
        if (Array.ConvertAll(parts, part => _topology.Problems.IsFree(function.Name, part)).Contains(false))
        {
            return; // A queue that is not as it was meant would have to be deleted again.
        }

        var queue = new QueueTopology(trigger.ConnectionSetting(options), name, bindings) { Removed = removed, Properties = properties };
        if (removed.Find(old => bindings.Exists(binding => (binding.Exchange, binding.Topic) == (old.Exchange, old.Topic))) is { Arguments: null } both)
        {
            throw new FormatException($"it subscribes to '{both.Topic}' and has it removed. Take one of the two [TopicSubscription] off.");
        }

        foreach (var binding in queue.Bindings)
        {
            if ((_topology.ExchangeTypeOf(queue.ConnectionStringSetting, binding.Exchange)
                ?? queue.Bindings.First(other => other.Exchange == binding.Exchange).ExchangeType) is var type && type != binding.ExchangeType)
            {
                throw new FormatException($"it subscribes to the exchange '{binding.Exchange}' as {binding.ExchangeType}, and another subscription or output as {type}. Give them one ExchangeType.");
            }
        }

        if (_topology.Find(queue.ConnectionStringSetting, queue.Queue) is { } taken)
        {
            // Both would take from the queue in turn, and each would get what the other subscribed to.
            throw new FormatException($"its queue '{queue.Queue}' is that of function '{_functions[taken]}', too, and each message goes to one of them only. "
                + "Give each function a queue of its own; or take all topics in one function, and tell them apart with TopicPattern.");
        }

        _functions[queue] = function.Name;
        _topology.Add(queue);
    }

    private TopicBinding Binding(TopicSubscriptionAttribute subscription)
    {
        var exchange = settings.Resolve(subscription.Exchange ?? options.Exchange);
        if (exchange.Length == 0)
        {
            throw new FormatException("it subscribes to the default exchange, to which nothing can be bound. Name another, or leave out [TopicSubscription]: it delivers to the queue by its name.");
        }

        var binding = new TopicBinding(exchange, settings.Resolve(subscription.Topic ?? ""))
        {
            ExchangeType = TypeOf(exchange, subscription.ExchangeType, "subscribes to") ?? ExchangeTypes.OfName(exchange) ?? options.ExchangeType,
            Arguments = subscription.Arguments.Length == 0 ? null : QueueArguments.Pairs(subscription.Arguments, "[TopicSubscription(Arguments)]"),
        };

        if (binding.ExchangeType == "topic" && binding.Topic.Split('.').FirstOrDefault(word => word.Length > 1 && word.AsSpan().ContainsAny('*', '#')) is { } odd)
        {
            throw new FormatException($"it subscribes to '{binding.Topic}', where '{odd}' would be taken as it stands. '*' and '#' are whole words: 'orders.*', not 'orders*'.");
        }

        return string.IsNullOrWhiteSpace(binding.Topic) && !ExchangeTypes.IgnoresTopic(binding.ExchangeType)
            ? throw new FormatException("it subscribes to an empty topic. Name one, or '#' for all.")
            : binding;
    }

    private static bool IsOfMessage(Type type) => type == typeof(TopicMessageActions) || type.IsAssignableTo(typeof(TopicMessage));

    private void AddCollector(FunctionDescription function, TopicCollectorParameter collector)
    {
        if (!collector.HasCollectorType || collector.Output is null)
        {
            throw new FormatException($"the parameter '{collector.Name}' needs both [TopicOutput] and the type ITopicCollector<T>.");
        }

        if (function.Collectors.First(other => other.Type == collector.Type) is var first && first != collector)
        {
            throw new FormatException($"the parameters '{first.Name}' and '{collector.Name}' are collectors of one type. "
                + "Take one ITopicCollector<TopicMessage<T>>, whose messages name their topics.");
        }

        AddOutput(collector.Output);
    }

    private void AddOutput(TopicOutputAttribute output)
    {
        var topic = settings.Resolve(output.Topic ?? "");
        if (topic.Length == 0 || topic.IndexOfAny(Wildcards) >= 0)
        {
            throw new FormatException($"it publishes to '{topic}'. Name one topic; wildcards are for subscriptions.");
        }

        var setting = output.ConnectionStringSetting ?? options.ConnectionStringSetting;
        _ = BrokerEndpoint.From(configuration, setting); // Fails now, and not at the first publish.
        var exchange = settings.Resolve(output.Exchange ?? options.Exchange);
        var type = TypeOf(exchange, output.ExchangeType, "publishes to");
        if (type is not null && _topology.ExchangeTypeOf(setting, exchange) is { } other && other != type)
        {
            throw new FormatException($"it publishes to the exchange '{exchange}' as {type}, and another subscription or output has it as {other}. Give them one ExchangeType.");
        }

        _topology.AddExchange(setting, exchange, type);
    }

    private static string? TypeOf(string exchange, string? type, string use) =>
        type is null || (ExchangeTypes.IsKnown(type) && (ExchangeTypes.OfName(exchange) ?? type) == type)
            ? type
            : throw new FormatException($"it {use} the exchange '{exchange}' as '{type}'. Write topic, direct, fanout or headers; an exchange of the broker's own (amq.*) has its type by name.");
}
