using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.HostExtension;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Completes what a Functions host is told of the RabbitMQ triggers. The body is asked for as bytes, whatever the parameter's type: as a string, one
/// that is no UTF-8 is damaged, and a JSON object in it replaces entries of the binding data, exchange and routing key included. And our extension
/// is told how the messages are taken and settled, and what to declare.</summary>
internal sealed class TriggerBindings : IFunctionMetadataTransformer
{
    /// <inheritdoc/>
    public string Name => nameof(TriggerBindings);

    /// <summary>The queues and the app's options; null until they are known, which takes a reading of these very bindings.</summary>
    public (TriggerQueues Queues, RabbitTopicsOptions Options)? App { get; set; }

    /// <inheritdoc/>
    public void Transform(IList<IFunctionMetadata> original)
    {
        foreach (var function in original)
        {
            for (var index = 0; index < (function.RawBindings?.Count ?? 0); index++)
            {
                if (JsonNode.Parse(function.RawBindings![index]) is JsonObject binding
                    && string.Equals(binding["type"]?.ToString(), RabbitMQBinding.TriggerType, StringComparison.OrdinalIgnoreCase))
                {
                    binding["dataType"] = "Binary";
                    AddOptions(function.Name ?? "", binding);
                    function.RawBindings[index] = binding.ToJsonString();
                }
            }
        }
    }

    private void AddOptions(string function, JsonObject binding)
    {
        try
        {
            if (App is { } app && app.Queues.Find(function) is { } queue)
            {
                TriggerOptions.Of(queue.Options).WriteTo(binding, app.Options.TopicHeader, app.Options.Topology, queue.Topology);
            }
        }
        catch (Exception exception) when (exception is FormatException or MissingSettingException)
        {
            // It is said when the app starts, and the host refuses the function for the same reason.
        }
    }
}
