using Microsoft.Azure.Functions.Worker;
using RabbitTopics.StandaloneWorker.Discovery;

namespace RabbitTopics.Functions.Catalog;

/// <summary>The app's functions, from what the generator wrote when the app was compiled.</summary>
internal static class FunctionCatalog
{
    public static IReadOnlyList<FunctionDescription> Load() =>
    [
        .. FunctionRegistry.Functions.Select(function => new FunctionDescription(
            function.Name,
            function.Parameters.SelectMany(parameter => parameter.Attributes).OfType<RabbitMQTriggerAttribute>().FirstOrDefault(),
            [.. function.Parameters.SelectMany(parameter => parameter.Attributes).OfType<TopicSubscriptionAttribute>()],
            [
                .. function.Outputs.SelectMany(output => output.Attributes.OfType<TopicOutputAttribute>()
                    .Select(attribute => new TopicOutput(attribute, output.Read))),
            ],
            function.Parameters.SelectMany(parameter => parameter.Attributes).OfType<QueueOptionsAttribute>().FirstOrDefault(),
            function.Attributes.OfType<ConsumeAttribute>().FirstOrDefault(),
            function.Attributes.OfType<ErrorPolicyAttribute>().FirstOrDefault())
        {
            Collectors = TopicCollectorParameter.Among(function.Parameters.Select(parameter =>
                new TopicCollectorParameter(parameter.Name, parameter.Type, parameter.Attributes.OfType<TopicOutputAttribute>().FirstOrDefault()))),
        }),
    ];
}
