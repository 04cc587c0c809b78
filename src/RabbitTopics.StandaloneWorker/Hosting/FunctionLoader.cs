using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Connection;
using RabbitTopics.Messages;
using RabbitTopics.Receive;
using RabbitTopics.Settings;
using RabbitTopics.StandaloneWorker.Discovery;
using RabbitTopics.StandaloneWorker.Invocation;
using RabbitTopics.StandaloneWorker.Settings;
using RabbitTopics.StandaloneWorker.Triggers;
using RabbitTopics.StandaloneWorker.Triggers.RabbitMQ;
using RabbitTopics.StandaloneWorker.Triggers.Timer;
using RabbitTopics.Topology;

namespace RabbitTopics.StandaloneWorker.Hosting;

/// <summary>A function ready to be started.</summary>
/// <param name="Summary">Its name, trigger, queue and topics, in a line.</param>
/// <param name="Listener">Waits for its trigger; null for a timer, which is one of <see cref="AppTimers"/>.</param>
internal sealed record LoadedFunction(string Summary, ITriggerListener? Listener);

/// <summary>Makes a listener for each function that the generator found, and notes what is wrong with any of them.</summary>
internal sealed class FunctionLoader(
    Brokers brokers,
    AppTopology topology,
    IConfiguration configuration,
    SettingReferences settings,
    StartupProblems problems,
    FunctionInvoker invoker,
    AppTimers timers,
    MessageBody bodies,
    IOptions<RabbitTopicsOptions> appOptions,
    TimeProvider time,
    ILoggerFactory loggers)
{
    public IReadOnlyList<LoadedFunction> Load()
    {
        var loaded = new List<LoadedFunction>();
        var functions = FunctionRegistry.Functions;
        foreach (var twins in functions.GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            problems.AddForFunction(twins.Key, $"the name is given to {string.Join(" and ", twins.Select(twin => twin.EntryPoint))}. Give each function a name of its own.");
        }

        if (functions.Count == 0)
        {
            problems.Add("There is no function. Put [Function(\"Name\")] on a public method whose parameter has [RabbitMQTrigger] or [TimerTrigger].");
        }

        foreach (var problem in topology.Problems)
        {
            problems.Add(problem);
        }

        foreach (var function in functions.Where(function => !IsDisabled(function.Name)))
        {
            try
            {
                loaded.Add(Load(function));
            }
            catch (Exception exception) when (exception is FormatException or BrokerSettingException or MissingSettingException or NotSupportedException)
            {
                problems.AddForFunction(function.Name, exception.Message);
            }
        }

        return loaded;
    }

    private bool IsDisabled(string name)
    {
        if (!DisabledFunctions.Contains(configuration, name))
        {
            return false;
        }

        loggers.CreateLogger<FunctionLoader>().LogInformation("Function '{Function}' is disabled by the setting '{Setting}'.", name, DisabledFunctions.Setting(name));
        return true;
    }

    private LoadedFunction Load(FunctionDescriptor descriptor)
    {
        var function = new StandaloneFunctionDefinition(descriptor);
        var logger = loggers.CreateLogger($"Function.{descriptor.Name}");
        CheckOutputs(descriptor);
        var triggered = descriptor.Parameters.First(parameter => parameter.Attributes.OfType<TriggerBindingAttribute>().Any());
        return triggered.Attributes.OfType<TriggerBindingAttribute>().First() switch
        {
            RabbitMQTriggerAttribute trigger => LoadRabbitMQ(function, triggered, trigger, logger),
            TimerTriggerAttribute trigger => LoadTimer(function, trigger),
            var other => throw new NotSupportedException($"the standalone worker has no {other.GetType().Name}. It has RabbitMQTrigger and TimerTrigger."),
        };
    }

    private LoadedFunction LoadRabbitMQ(
        StandaloneFunctionDefinition function, ParameterDescriptor parameter, RabbitMQTriggerAttribute trigger, ILogger logger)
    {
        CheckBody(parameter);
        var app = appOptions.Value;
        var setting = RabbitMQBinding.ConnectionSetting(trigger, app);
        var queue = settings.Resolve(trigger.QueueName);
        var broker = brokers.Get(setting);
        var declared = topology.Find(setting, queue);
        var options = new QueueConsumerOptions
        {
            Queue = queue,
            Handler = function.Name,
            Topology = declared,
            TopicHeader = app.TopicHeader,
            HandlerOptions = app.OptionsOf(function.Name),
        };
        var topics = declared is null ? "" : $", topic {string.Join(", ", declared.Bindings.Select(binding => $"'{binding.Topic}' on '{binding.Exchange}'"))}";
        return new LoadedFunction($"{function.Name}: RabbitMQ trigger, queue '{queue}'{topics}",
            new RabbitMQTriggerListener(function, broker, options, invoker, logger));
    }

    /// <summary>Sees now that a body can be read, and not with the first message, which would be parked.</summary>
    private void CheckBody(ParameterDescriptor parameter)
    {
        var isEnvelope = parameter.Type.IsAssignableTo(typeof(TopicMessage));
        var body = isEnvelope ? parameter.Type.GenericTypeArguments.FirstOrDefault() : parameter.Converters.Count > 0 ? null : parameter.Type;
        if (body is not null && !bodies.Supports(body))
        {
            throw new NotSupportedException($"the parameter '{parameter.Name}' needs JSON of the type {body}, which no JSON context of this trimmed program lists. "
                + $"Add [JsonSerializable(typeof({body.Name}))] to a JsonSerializerContext and the context to JsonSerializerOptions.TypeInfoResolverChain.");
        }
    }

    private LoadedFunction LoadTimer(StandaloneFunctionDefinition function, TimerTriggerAttribute trigger)
    {
        var text = settings.Resolve(trigger.Schedule);
        var now = time.GetUtcNow();
        var schedule = Schedule.Parse(text, TimeZone(), now);
        timers.Add(new TimerFunction(function.Name, schedule, trigger.RunOnStartup, trigger.UseMonitor && !schedule.IsFrequent(now),
            (timer, cancellationToken) => invoker.InvokeAsync(function, new FunctionTrigger(timer, static () => new Dictionary<string, object?>()), cancellationToken)));
        return new LoadedFunction($"{function.Name}: timer trigger, schedule '{text}'", null);
    }

    private void CheckOutputs(FunctionDescriptor descriptor)
    {
        foreach (var output in descriptor.Outputs.SelectMany(output => output.Attributes).OfType<RabbitMQOutputAttribute>())
        {
            if (string.IsNullOrEmpty(output.QueueName))
            {
                throw new NotSupportedException("[RabbitMQOutput] names no queue. Set QueueName.");
            }

            settings.Resolve(output.QueueName);
            RabbitMQBinding.Broker(brokers, output, appOptions.Value);
        }
    }

    /// <summary>The zone that NCRONTAB expressions are read in: the setting WEBSITE_TIME_ZONE, as on Azure, else
    /// UTC.</summary>
    private TimeZoneInfo TimeZone()
    {
        const string setting = "WEBSITE_TIME_ZONE";
        if (configuration[setting] is not { Length: > 0 } id)
        {
            return TimeZoneInfo.Utc;
        }

        return TimeZoneInfo.TryFindSystemTimeZoneById(id, out var zone)
            ? zone
            : throw new FormatException($"the setting '{setting}' is '{id}', which is no time zone of this machine. Use a name such as Europe/Berlin.");
    }
}
