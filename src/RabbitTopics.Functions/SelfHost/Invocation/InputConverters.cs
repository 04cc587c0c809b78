using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>The converters that are asked for a parameter's value, in the order of Microsoft's worker: the one that the parameter or its type
/// names, those of its binding attribute, then the app's. Each is made once.</summary>
[UnconditionalSuppressMessage("Trimming", "IL2057", Justification = FunctionCatalog.AppIsRooted)]
[UnconditionalSuppressMessage("Trimming", "IL2067", Justification = FunctionCatalog.AppIsRooted)]
internal sealed class InputConverters(IServiceProvider services, IOptions<WorkerOptions> options)
{
    // Names of properties of a FunctionParameter, as Microsoft's worker has them.
    public const string ConverterType = "converterType";
    public const string BindingAttribute = "bindingAttribute";
    public const string ConvertersOfAttribute = "bindingAttributeSupportedConverters";
    public const string FallbackBehavior = "converterFallbackBehavior";

    private readonly ConcurrentDictionary<Type, IInputConverter> _made = new();

    public IInputConverter[] For(FunctionParameter parameter)
    {
        var named = NamedFor(parameter);
        var ofAttribute = parameter.Properties.GetValueOrDefault(ConvertersOfAttribute) as Dictionary<Type, List<Type>> ?? [];
        var fallsBack = parameter.Properties.GetValueOrDefault(FallbackBehavior) is not ConverterFallbackBehavior.Disallow;
        return
        [
            .. new[] { named }.OfType<Type>()
                .Concat(ofAttribute.Where(converter => converter.Value.Count == 0 || converter.Value.Contains(parameter.Type)).Select(converter => converter.Key))
                .Concat(fallsBack ? options.Value.InputConverters : [])
                .Select(type => _made.GetOrAdd(type, key => (IInputConverter)ActivatorUtilities.GetServiceOrCreateInstance(services, key))),
        ];
    }

    /// <summary>Whether the parameter or its type names a converter.</summary>
    public static bool IsNamedFor(FunctionParameter parameter) => NamedFor(parameter) is not null;

    private static Type? NamedFor(FunctionParameter parameter) => parameter.Properties.GetValueOrDefault(ConverterType) is string name
        ? Type.GetType(name)
        : parameter.Type.GetCustomAttribute<InputConverterAttribute>()?.ConverterType;

    /// <summary>The types that a converter says it gives; none for any.</summary>
    public static List<Type> SupportedTypes(Type converter) =>
    [
        .. converter.GetCustomAttributesData().Where(attribute => attribute.AttributeType == typeof(SupportedTargetTypeAttribute))
            .SelectMany(attribute => attribute.ConstructorArguments).Select(argument => argument.Value).OfType<Type>(),
    ];
}
