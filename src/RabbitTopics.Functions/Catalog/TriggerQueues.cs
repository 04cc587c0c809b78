using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.Catalog;

/// <summary>The queue of a function's RabbitMQ trigger; without a topology it is somebody else's.</summary>
internal sealed record TriggerQueue(string Function, string ConnectionStringSetting, string Queue, HandlerOptions Options, QueueTopology? Topology);

/// <summary>Finds the queues of the app's functions.</summary>
internal sealed class TriggerQueues(
    IReadOnlyList<FunctionDescription> functions, AppTopology topology, SettingReferences settings, IConfiguration configuration, IOptions<RabbitTopicsOptions> app)
{
    /// <summary>Says that the host has Microsoft's extension where the app's package is ours: an extension bundle, or a test.</summary>
    private const string ExtensionSetting = "RABBITTOPICS_HOST_EXTENSION";

    /// <summary>The functions with a RabbitMQ trigger that no setting disables.</summary>
    public IEnumerable<string> Functions => functions
        .Where(function => function.Trigger is not null && !DisabledFunctions.Contains(configuration, function.Name))
        .Select(function => function.Name);

    /// <summary>Those of them that Microsoft's extension listens for, in a Functions host: ours needs nobody to prepare a queue, and to watch over it.</summary>
    public IEnumerable<string> FunctionsOfMicrosoftsExtension => string.Equals(configuration[ExtensionSetting], "Microsoft", StringComparison.OrdinalIgnoreCase)
        ? Functions
        : Functions.Where(name => functions.Any(function => function.Name == name && !function.IsOfOurExtension));

    /// <summary>The queue of a function; null where it has no RabbitMQ trigger.</summary>
    /// <exception cref="FormatException">An attribute or option of it makes no sense.</exception>
    /// <exception cref="MissingSettingException">An attribute refers to a setting that does not exist.</exception>
    public TriggerQueue? Find(string function)
    {
        if (functions.FirstOrDefault(known => string.Equals(known.Name, function, StringComparison.OrdinalIgnoreCase))?.Trigger is not { } trigger)
        {
            return null;
        }

        var setting = trigger.ConnectionSetting(app.Value);
        var queue = settings.Resolve(trigger.QueueName);
        return new TriggerQueue(function, setting, queue, app.Value.OptionsOf(function), topology.Find(setting, queue));
    }
}
