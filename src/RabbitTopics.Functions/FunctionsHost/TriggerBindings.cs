using System.Text.Json.Nodes;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using RabbitTopics.Connections;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.HostExtension;
using RabbitTopics.Startup;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Completes what a Functions host is told of the RabbitMQ bindings: which broker, where the attribute leaves that to the app's options. For triggers the body is asked for as bytes, whatever the parameter's type: as a string, one
/// that is no UTF-8 is damaged, and a JSON object in it replaces entries of the binding data, exchange and routing key included. And our extension
/// is told how the messages are taken and settled, and what to declare.</summary>
internal sealed class TriggerBindings : IFunctionMetadataTransformer
{
    /// <inheritdoc/>
    public string Name => nameof(TriggerBindings);

    /// <summary>The queues, what is wrong with functions, and the app's options; null until they are known, which takes a reading of these very bindings.</summary>
    public (TriggerQueues Queues, StartupProblems Problems, RabbitTopicsOptions Options)? App { get; set; }

    /// <inheritdoc/>
    public void Transform(IList<IFunctionMetadata> original)
    {
        foreach (var function in original)
        {
            for (var index = 0; index < (function.RawBindings?.Count ?? 0); index++)
            {
                var read = new FunctionBinding(function.RawBindings![index]);
                if (RabbitMQBinding.Read(read) is { } known && JsonNode.Parse(function.RawBindings[index]) is JsonObject binding)
                {
                    if (known.Broker is null && App is { } app)
                    {
                        binding["connectionStringSetting"] = app.Options.ConnectionStringSetting;
                    }

                    if (read.IsTrigger)
                    {
                        binding["dataType"] = "Binary";
                        AddOptions(function.Name ?? "", binding);
                    }

                    function.RawBindings[index] = binding.ToJsonString();
                }
            }
        }
    }

    private void AddOptions(string function, JsonObject binding)
    {
        if (App is not { } app)
        {
            return;
        }

        var problem = app.Problems.Of(function);
        try
        {
            if (app.Queues.Find(function) is { } queue)
            {
                TriggerOptions.Of(queue.Options).WriteTo(binding, app.Options.TopicHeader, app.Options.Topology, queue.Topology);
            }
        }
        catch (Exception exception) when (exception is FormatException or MissingSettingException)
        {
            problem ??= exception.Message;
        }

        if (problem is not null)
        {
            binding["problem"] = Secret.Hide(problem); // Our extension refuses the function with it.
        }
    }
}
