using System.Reflection;
using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Functions.Catalog;

/// <summary>The app's functions, by reflection over its assembly: Microsoft's worker keeps no attribute of ours.</summary>
internal static class FunctionCatalog
{
    public static IReadOnlyList<FunctionDescription> Load() =>
    [
        .. (Assembly.GetEntryAssembly()?.GetTypes() ?? [])
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FunctionAttribute)))
            .Select(Describe),
    ];

    private static FunctionDescription Describe(MethodInfo method)
    {
        var parameters = method.GetParameters();
        return new FunctionDescription(
            method.GetCustomAttribute<FunctionAttribute>()!.Name,
            parameters.Select(parameter => parameter.GetCustomAttribute<RabbitMQTriggerAttribute>()).FirstOrDefault(trigger => trigger is not null),
            [.. parameters.SelectMany(parameter => parameter.GetCustomAttributes<TopicSubscriptionAttribute>())],
            [.. Outputs(method)],
            parameters.Select(parameter => parameter.GetCustomAttribute<QueueOptionsAttribute>()).FirstOrDefault(queue => queue is not null),
            method.GetCustomAttribute<ConsumeAttribute>(),
            method.GetCustomAttribute<ErrorPolicyAttribute>())
        {
            Collectors = TopicCollectorParameter.Among(parameters.Select(parameter =>
                new TopicCollectorParameter(parameter.Name ?? "", parameter.ParameterType, parameter.GetCustomAttribute<TopicOutputAttribute>()))),
        };
    }

    private static IEnumerable<TopicOutput> Outputs(MethodInfo method)
    {
        if (method.GetCustomAttribute<TopicOutputAttribute>() is { } onMethod)
        {
            return [new TopicOutput(onMethod, static result => result)];
        }

        var result = method.ReturnType;
        if (result.IsGenericType && (result.GetGenericTypeDefinition() == typeof(Task<>) || result.GetGenericTypeDefinition() == typeof(ValueTask<>)))
        {
            result = result.GetGenericArguments()[0];
        }

        return
            from property in result.GetProperties()
            let attribute = property.GetCustomAttribute<TopicOutputAttribute>()
            where attribute is not null
            select new TopicOutput(attribute, property.GetValue);
    }
}
