using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using RabbitTopics.Functions.Catalog;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Asks Microsoft's host for the body of each RabbitMQ trigger as bytes, whatever the parameter's type: as a string, a body
/// that is no UTF-8 is damaged, and a JSON object in it replaces entries of the binding data, exchange and routing key
/// included.</summary>
internal sealed class BinaryTriggers : IFunctionMetadataTransformer
{
    /// <inheritdoc/>
    public string Name => nameof(BinaryTriggers);

    /// <inheritdoc/>
    public void Transform(IList<IFunctionMetadata> original)
    {
        foreach (var bindings in original.Select(function => function.RawBindings).OfType<IList<string>>())
        {
            for (var index = 0; index < bindings.Count; index++)
            {
                if (JsonNode.Parse(bindings[index]) is JsonObject binding
                    && string.Equals(binding["type"]?.ToString(), RabbitMQBinding.TriggerType, StringComparison.OrdinalIgnoreCase))
                {
                    binding["dataType"] = "Binary";
                    bindings[index] = binding.ToJsonString();
                }
            }
        }
    }
}
