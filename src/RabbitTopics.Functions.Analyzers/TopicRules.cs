using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks the topics and queues of a function. The app checks the same when it starts and the settings are known.</summary>
internal static class TopicRules
{
    private static readonly string[] ExchangeTypes = ["topic", "direct", "fanout", "headers"];
    private static readonly char[] Wildcards = ['*', '#'];

    public static void Check(Function function)
    {
        var collectors = new Dictionary<ITypeSymbol, IParameterSymbol>(SymbolEqualityComparer.Default);
        foreach (var parameter in function.Method.Parameters)
        {
            CheckSubscriptions(function, parameter);
            if (parameter.Type.TypeKind != TypeKind.Error)
            {
                CheckCollector(function, parameter, collectors);
            }
        }

        CheckOutputs(function);
        foreach (var options in function.Method.AttributesOf(Names.Consume).Concat(function.Method.AttributesOf(Names.ErrorPolicy)))
        {
            function.If(function.TriggersAreKnown && !function.BindsMessage, Rules.NoEffect, options.Place(), options.ShortName(),
                "it says how messages are handled, and the function has no [RabbitMQTrigger]. Take it off.");
        }
    }

    private static void CheckSubscriptions(Function function, IParameterSymbol parameter)
    {
        var isOfTrigger = parameter.HasAttribute(Names.RabbitMQTrigger);
        var subscriptions = parameter.AttributesOf(Names.TopicSubscription).ToArray();
        var options = parameter.AttributesOf(Names.QueueOptions).ToArray();
        foreach (var attribute in subscriptions.Concat(options))
        {
            function.If(!isOfTrigger && !parameter.HasUnknownAttribute(), Rules.SubscriptionWithoutTrigger, attribute.Place(), parameter.Name, attribute.ShortName());
        }

        foreach (var attribute in options)
        {
            function.If(isOfTrigger && subscriptions.Length == 0, Rules.NoEffect, attribute.Place(), attribute.ShortName(),
                "a queue is made only for a subscription. Add [TopicSubscription], or take it off.");
        }

        foreach (var subscription in subscriptions)
        {
            var problem = SubscriptionProblem(subscription);
            function.If(problem is not null, Rules.InvalidSubscription, subscription.Place(), problem);
        }
    }

    private static string? SubscriptionProblem(AttributeData subscription)
    {
        var exchange = subscription.Property("Exchange");
        var type = subscription.Property("ExchangeType");
        var own = exchange switch
        {
            "amq.topic" or "amq.direct" or "amq.fanout" or "amq.headers" => exchange.Substring("amq.".Length),
            "amq.match" => "headers",
            _ => null,
        };
        if (type is not null && (!ExchangeTypes.Contains(type) || (own ?? type) != type))
        {
            return $"{(exchange is null ? "the app's exchange" : $"the exchange '{exchange}'")} as '{type}'. Write topic, direct, fanout or headers; "
                + "an exchange of the broker's own (amq.*) has its type by name.";
        }

        if (subscription.Text("topic") is not { } topic || topic.HasSetting() || (type is null && exchange?.HasSetting() == true))
        {
            return null;
        }

        type ??= own ?? "topic";
        if (type == "topic" && topic.Split('.').FirstOrDefault(word => word.Length > 1 && word.IndexOfAny(Wildcards) >= 0) is { } odd)
        {
            return $"'{topic}', where '{odd}' would be taken as it stands. '*' and '#' are whole words: 'orders.*', not 'orders*'.";
        }

        return string.IsNullOrWhiteSpace(topic) && type is not ("fanout" or "headers") ? "an empty topic. Name one, or '#' for all." : null;
    }

    private static void CheckCollector(Function function, IParameterSymbol parameter, Dictionary<ITypeSymbol, IParameterSymbol> collectors)
    {
        var (hasType, place) = (parameter.Type.Is(Names.Collector), parameter.Place());
        var output = parameter.AttributesOf(Names.TopicOutput).FirstOrDefault();
        function.If(hasType && output is null && !parameter.HasUnknownAttribute(), Rules.IncompleteCollector, place, parameter.Name, "[TopicOutput] with the topic");
        function.If(!hasType && output is not null, Rules.IncompleteCollector, output?.Place() ?? place, parameter.Name, "the type");
        if (hasType && collectors.TryGetValue(parameter.Type, out var first))
        {
            function.If(true, Rules.CollectorsOfOneType, place, first.Name, parameter.Name);
        }
        else if (hasType)
        {
            collectors.Add(parameter.Type, parameter);
        }
    }

    private static void CheckOutputs(Function function)
    {
        var method = function.Method;
        // An output on the method goes before those in its result.
        var properties = method.HasAttribute(Names.TopicOutput) ? [] : ResultProperties(method.ReturnType);
        foreach (var symbol in new ISymbol[] { method }.Concat(method.Parameters).Concat(properties))
        {
            var isOfApp = SymbolEqualityComparer.Default.Equals(symbol.ContainingAssembly, method.ContainingAssembly);
            foreach (var output in symbol.AttributesOf(Names.TopicOutput))
            {
                var topic = output.Text("topic");
                function.If(topic?.HasSetting() == false && (topic.Length == 0 || topic.IndexOfAny(Wildcards) >= 0),
                    Rules.InvalidOutput, isOfApp ? output.Place() : method.Place(), topic);
            }
        }
    }

    private static IEnumerable<IPropertySymbol> ResultProperties(ITypeSymbol result)
    {
        if (result is INamedTypeSymbol task && (task.Is("System.Threading.Tasks.Task`1") || task.Is("System.Threading.Tasks.ValueTask`1")))
        {
            result = task.TypeArguments[0];
        }

        return result.WithoutNullable().WithBaseTypes().SelectMany(type => type.GetMembers()).OfType<IPropertySymbol>();
    }
}
