using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.DependencyInjection;
using RabbitTopics.Messages;

namespace RabbitTopics.Functions.Binding;

/// <summary>Gives parameters of types <see cref="TopicMessage{T}"/> and <see cref="ITopicCollector{T}"/>, whatever their <c>T</c>.</summary>
internal sealed class GenericTypesConverter(IServiceProvider services) : IInputConverter
{
    private readonly ConcurrentDictionary<Type, IInputConverter?> _converters = new();

    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context) =>
        _converters.GetOrAdd(context.TargetType, NewConverter)?.ConvertAsync(context) ?? new(ConversionResult.Unhandled());

    private IInputConverter? NewConverter(Type target)
    {
        var family = target.IsGenericType ? target.GetGenericTypeDefinition() : null;
        var converter = family == typeof(TopicMessage<>) ? typeof(TopicMessageConverter<>)
            : family == typeof(ITopicCollector<>) ? typeof(TopicCollectorConverter<>)
            : null;
        return converter is null ? null : (IInputConverter)ActivatorUtilities.CreateInstance(services, converter.MakeGenericType(target.GenericTypeArguments));
    }
}
