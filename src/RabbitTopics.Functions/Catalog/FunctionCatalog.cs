using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

namespace RabbitTopics.Functions.Catalog;

/// <summary>Reads the app's functions: their bindings from the metadata that Microsoft's Sdk generates, what it leaves out (our own
/// attributes) from the method that each one names.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2026", Justification = AppIsRooted)]
[UnconditionalSuppressMessage("Trimming", "IL2065", Justification = AppIsRooted)]
[UnconditionalSuppressMessage("Trimming", "IL2075", Justification = AppIsRooted)]
internal static class FunctionCatalog
{
    /// <summary>Why it works in a trimmed program.</summary>
    public const string AppIsRooted = "The assemblies of functions and of Microsoft's worker are kept whole in a trimmed program (TrimmerRootAssembly, docs/hosts.md).";

    public static IReadOnlyList<FunctionDescription> Read(IFunctionMetadataManager metadata)
    {
        try
        {
            var functions = metadata.GetFunctionMetadataAsync(AppContext.BaseDirectory).GetAwaiter().GetResult(); // Generated code, or a local file.
            return [.. functions.Where(function => function is { Name: not null, EntryPoint: not null }).Select(Describe)];
        }
        catch (FileNotFoundException)
        {
            return []; // Neither: the app was built without Worker.Sdk.
        }
    }

    private static FunctionDescription Describe(IFunctionMetadata metadata)
    {
        var method = FindMethod(metadata);
        var parameters = method.GetParameters();
        return new FunctionDescription(metadata.Name!, method, [.. (metadata.RawBindings ?? []).Select(binding => new FunctionBinding(binding))])
        {
            Subscriptions = [.. parameters.SelectMany(parameter => parameter.GetCustomAttributes<TopicSubscriptionAttribute>())],
            Outputs = [.. Outputs(method)],
            QueueOptions = parameters.Select(parameter => parameter.GetCustomAttribute<QueueOptionsAttribute>()).FirstOrDefault(queue => queue is not null),
            Consume = method.GetCustomAttribute<ConsumeAttribute>(),
            ErrorPolicy = method.GetCustomAttribute<ErrorPolicyAttribute>(),
            Collectors = TopicCollectorParameter.Among(parameters.Select(parameter =>
                new TopicCollectorParameter(parameter.Name ?? "", parameter.ParameterType, parameter.GetCustomAttribute<TopicOutputAttribute>()))),
        };
    }

    /// <summary>The method of an entry point <c>NAMESPACE.CLASS.METHOD</c> in the assembly <c>NAME.dll</c>.</summary>
    private static MethodInfo FindMethod(IFunctionMetadata metadata)
    {
        var entryPoint = metadata.EntryPoint!;
        var dot = entryPoint.LastIndexOf('.');
        var assembly = Assembly.Load(new AssemblyName(Path.GetFileNameWithoutExtension(metadata.ScriptFile ?? "")));
        var methods = ((dot < 0 ? null : assembly.GetType(entryPoint[..dot]))?.GetMethods() ?? []).Where(method => method.Name == entryPoint[(dot + 1)..]).ToArray();
        return (methods is [var only] ? only : methods.FirstOrDefault(method => method.GetCustomAttribute<FunctionAttribute>()?.Name == metadata.Name))
            ?? throw new InvalidOperationException($"Function '{metadata.Name}': there is no method {entryPoint} in {metadata.ScriptFile}. "
                + "If its class is within another class, move it out: such a class cannot hold functions. Else clean and rebuild the app.");
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
