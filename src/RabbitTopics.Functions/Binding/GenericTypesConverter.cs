using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.DependencyInjection;

namespace RabbitTopics.Functions.Binding;

/// <summary>Gives parameters of types <see cref="TopicMessage{T}"/> and <see cref="ITopicCollector{T}"/>, whatever their <c>T</c>.</summary>
internal sealed class GenericTypesConverter(IServiceProvider services) : IInputConverter
{
    private readonly ConcurrentDictionary<Type, IInputConverter?> _converters = new();

    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) =>
        (_converters.TryGetValue(context.TargetType, out var converter) ? converter : _converters.GetOrAdd(context.TargetType, NewConverter))?.ConvertAsync(context)
        ?? new(ConversionResult.Unhandled());

    // In a native program all T that are classes share the code of these two; there is none for a T that is a struct.
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(TopicMessageConverter<object>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicConstructors, typeof(TopicCollectorConverter<object>))]
    [UnconditionalSuppressMessage("Aot", "IL3050", Justification = "See above.")]
    private IInputConverter? NewConverter(Type target)
    {
        var family = target.IsGenericType ? target.GetGenericTypeDefinition() : null;
        var converter = family == typeof(TopicMessage<>) ? typeof(TopicMessageConverter<>)
            : family == typeof(ITopicCollector<>) ? typeof(TopicCollectorConverter<>)
            : null;
        return converter is null ? null : (IInputConverter)ActivatorUtilities.CreateInstance(services, converter.MakeGenericType(target.GenericTypeArguments));
    }
}
