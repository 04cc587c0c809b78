using Microsoft.Azure.Functions.Worker.Converters;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.Binding;

/// <summary>Gives a parameter of type <see cref="ITopicCollector{T}"/> its collector.</summary>
/// <typeparam name="T">The type of the messages.</typeparam>
internal sealed class TopicCollectorConverter<T>(IReadOnlyList<FunctionDescription> functions, ITopicPublisher publisher, SettingReferences settings) : IInputConverter
{
    private readonly TopicOutputWriter _writer = new(publisher, settings);

    /// <summary>The outputs of the functions with such a parameter. There is one for a type: a converter is not told which parameter it
    /// is asked for.</summary>
    private readonly Dictionary<string, TopicOutputAttribute> _outputs = functions
        .SelectMany(function => function.Collectors.Where(collector => collector.Type == typeof(ITopicCollector<T>) && collector.Output is not null)
            .Select(collector => (function.Name, Output: collector.Output!)))
        .DistinctBy(collector => collector.Name, StringComparer.OrdinalIgnoreCase)
        .ToDictionary(collector => collector.Name, collector => collector.Output, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public ValueTask<ConversionResult> ConvertAsync(ConverterContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return new(context.TargetType == typeof(ITopicCollector<T>)
            && context.FunctionContext.Features.Get<CollectedPublishes>() is { } publishes
            && _outputs.TryGetValue(context.FunctionContext.FunctionDefinition.Name, out var output)
                ? ConversionResult.Success(new TopicCollector<T>(_writer, output, publishes))
                : ConversionResult.Unhandled());
    }
}

/// <summary>The collector of one parameter in one invocation.</summary>
internal sealed class TopicCollector<T>(TopicOutputWriter writer, TopicOutputAttribute output, CollectedPublishes publishes) : ITopicCollector<T>
{
    public Task AddAsync(T message, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(message);
        return publishes.Add(() => writer.WriteAsync(output, message, cancellationToken));
    }
}
