using System.Collections.Concurrent;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Extensions.Options;
using RabbitTopics.StandaloneWorker.Discovery;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>The converters that are asked for a parameter's value, in order: those that the parameter or its type names,
/// then the app's. Each is made once.</summary>
internal sealed class InputConverters(IServiceProvider services, IOptions<WorkerOptions> options)
{
    private readonly ConcurrentDictionary<ParameterDescriptor, IInputConverter[]> _byParameter = new();
    private readonly Lazy<IInputConverter[]> _ofTheApp = new(() =>
        [.. options.Value.InputConverters.Factories.Select(make => make(services))]);

    public IInputConverter[] For(ParameterDescriptor parameter) =>
        _byParameter.TryGetValue(parameter, out var converters)
            ? converters
            : _byParameter.GetOrAdd(parameter, key => [.. key.Converters.Select(make => make(services)), .. _ofTheApp.Value]);
}
