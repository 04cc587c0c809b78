using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Checks what a function says of topics and queues. The same is said when the app starts, where settings are known.</summary>
internal static class TopicRules
{
    private static readonly string[] ExchangeTypes = ["topic", "direct", "fanout", "headers"];
    private static readonly char[] Wildcards = ['*', '#'];

    public static IEnumerable<Diagnostic> Check(Function function) =>
        function.Method.Parameters.SelectMany(parameter => CheckSubscriptions(function, parameter))
            .Concat(CheckCollectors(function))
            .Concat(CheckOutputs(function))
            .Concat(CheckOptions(function));

    private static IEnumerable<Diagnostic> CheckSubscriptions(Function function, IParameterSymbol parameter)
    {
        var isOfTrigger = parameter.HasAttribute(Names.RabbitMQTrigger);
        var subscriptions = parameter.AttributesOf(Names.TopicSubscription).ToArray();
        if (!isOfTrigger && !parameter.HasUnknownAttribute())
        {
            foreach (var attribute in subscriptions.Concat(parameter.AttributesOf(Names.QueueOptions)))
            {
                yield return function.Problem(Rules.SubscriptionWithoutTrigger, attribute.Place(), parameter.Name, attribute.ShortName());
            }
        }

        if (isOfTrigger && subscriptions.Length == 0 && parameter.AttributesOf(Names.QueueOptions).FirstOrDefault() is { } options)
        {
            yield return function.Problem(Rules.NoEffect, options.Place(), options.ShortName(),
                "a queue is made only for a subscription. Add [TopicSubscription], or take it off.");
        }

        foreach (var subscription in subscriptions)
        {
            if (SubscriptionProblem(subscription) is { } problem)
            {
                yield return function.Problem(Rules.InvalidSubscription, subscription.Place(), problem);
            }
        }
    }

    private static string? SubscriptionProblem(AttributeData subscription)
    {
        var exchange = subscription.Property("Exchange");
        var type = subscription.Property("ExchangeType");
        var own = exchange is null ? null : TypeOfName(exchange);
        if (type is not null && (!ExchangeTypes.Contains(type) || (own ?? type) != type))
        {
            return $"the exchange '{exchange}' as '{type}'. Write topic, direct, fanout or headers; "
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

    private static string? TypeOfName(string exchange) => exchange switch
    {
        "amq.topic" => "topic",
        "amq.direct" => "direct",
        "amq.fanout" => "fanout",
        "amq.headers" or "amq.match" => "headers",
        _ => null,
    };

    private static IEnumerable<Diagnostic> CheckCollectors(Function function)
    {
        var types = new Dictionary<ITypeSymbol, IParameterSymbol>(SymbolEqualityComparer.Default);
        foreach (var parameter in function.Method.Parameters.Where(parameter => parameter.Type.TypeKind != TypeKind.Error))
        {
            var hasType = parameter.Type.Is(Names.Collector);
            var output = parameter.AttributesOf(Names.TopicOutput).FirstOrDefault();
            if (hasType && output is null && !parameter.HasUnknownAttribute())
            {
                yield return function.Problem(Rules.IncompleteCollector, parameter.Place(), parameter.Name, "[TopicOutput] with the topic");
            }

            if (!hasType && output is not null)
            {
                yield return function.Problem(Rules.IncompleteCollector, output.Place(), parameter.Name, "the type");
            }

            if (!hasType)
            {
                continue;
            }

            if (types.TryGetValue(parameter.Type, out var first))
            {
                yield return function.Problem(Rules.CollectorsOfOneType, parameter.Place(), first.Name, parameter.Name);
            }
            else
            {
                types.Add(parameter.Type, parameter);
            }
        }
    }

    private static IEnumerable<Diagnostic> CheckOutputs(Function function)
    {
        var ofMethod = function.Method.AttributesOf(Names.TopicOutput).ToArray();
        var ofParameters = function.Method.Parameters.SelectMany(parameter => parameter.AttributesOf(Names.TopicOutput));
        foreach (var output in ofMethod.Concat(ofParameters))
        {
            if (output.Text("topic") is { } topic && !IsTopic(topic))
            {
                yield return function.Problem(Rules.InvalidOutput, output.Place(), topic);
            }
        }

        // An output on the method goes before those in its result.
        foreach (var property in ofMethod.Length > 0 ? [] : ResultProperties(function.Method.ReturnType))
        {
            var isOfApp = SymbolEqualityComparer.Default.Equals(property.ContainingAssembly, function.Method.ContainingAssembly);
            foreach (var output in property.AttributesOf(Names.TopicOutput))
            {
                if (output.Text("topic") is { } topic && !IsTopic(topic))
                {
                    yield return function.Problem(Rules.InvalidOutput, isOfApp ? output.Place() : function.Method.Place(), topic);
                }
            }
        }
    }

    private static bool IsTopic(string topic) => topic.HasSetting() || (topic.Length > 0 && topic.IndexOfAny(Wildcards) < 0);

    private static IEnumerable<IPropertySymbol> ResultProperties(ITypeSymbol result)
    {
        if (result is INamedTypeSymbol task && (task.Is("System.Threading.Tasks.Task`1") || task.Is("System.Threading.Tasks.ValueTask`1")))
        {
            result = task.TypeArguments[0];
        }

        return result.WithoutNullable().WithBaseTypes().SelectMany(type => type.GetMembers()).OfType<IPropertySymbol>();
    }

    private static IEnumerable<Diagnostic> CheckOptions(Function function) => !function.TriggersAreKnown || function.BindsMessage
        ? []
        : from attribute in function.Method.AttributesOf(Names.Consume).Concat(function.Method.AttributesOf(Names.ErrorPolicy))
          select function.Problem(Rules.NoEffect, attribute.Place(), attribute.ShortName(),
              "it says how messages are handled, and the function has no [RabbitMQTrigger]. Take it off.");
}
