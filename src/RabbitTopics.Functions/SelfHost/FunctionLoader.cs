using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Deduplication;
using RabbitTopics.Functions.Catalog;
using RabbitTopics.Functions.SelfHost.Invocation;
using RabbitTopics.Functions.SelfHost.Timers;
using RabbitTopics.Functions.SelfHost.Triggers;
using RabbitTopics.Health;
using RabbitTopics.Messages;
using RabbitTopics.Receiving;
using RabbitTopics.Startup;
using RabbitTopics.Topology;

namespace RabbitTopics.Functions.SelfHost;

/// <summary>A function ready to be started.</summary>
/// <param name="Summary">Its name, trigger, queue and topics, in a line.</param>
/// <param name="Listener">Waits for its trigger; null for a timer, which is one of <see cref="AppTimers"/>.</param>
internal sealed record FoundFunction(string Summary, RabbitMQTriggerListener? Listener);

/// <summary>Makes a listener for each function of the app, and notes what is wrong with any of them.</summary>
internal sealed partial class FunctionLoader(
    IReadOnlyList<FunctionDescription> functions,
    TriggerQueues queues,
    InputConverters converters,
    AppBrokers brokers,
    AppTopology topology,
    IConfiguration configuration,
    SettingReferences settings,
    StartupProblems problems,
    FunctionInvoker invoker,
    AppTimers timers,
    Deduplicator deduplication,
    QueueHealth health,
    MessageBody bodies,
    IOptions<RabbitTopicsOptions> appOptions,
    TimeProvider time,
    IServiceScopeFactory scopes,
    ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<FunctionLoader>();
    private bool _internalsAreChecked;

    public IReadOnlyList<FoundFunction> Load()
    {
        foreach (var twins in functions.GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase).Where(group => group.Count() > 1))
        {
            problems.Add($"the name is given to {string.Join(" and ", twins.Select(twin => $"{twin.Method.DeclaringType}.{twin.Method.Name}"))}. Give each function a name of its own.", twins.Key);
        }

        if (functions.Count == 0)
        {
            problems.Add("There is no function. Put [Function(\"Name\")] on a public method whose parameter has [RabbitMQTrigger] or [TimerTrigger], "
                + "and see that the project references Microsoft.Azure.Functions.Worker.Sdk, which finds it.");
        }

        foreach (var setting in DisabledFunctions.WithoutFunction(configuration, functions.Select(function => function.Name)))
        {
            problems.Warn($"The setting '{setting}' disables no function: there is none of that name.");
        }

        problems.Add(topology.Problems);
        var found = new List<FoundFunction>();
        foreach (var function in functions.Where(function => !IsDisabled(function.Name)))
        {
            if (Load(function) is { } one)
            {
                found.Add(one);
            }
        }

        foreach (var warning in problems.Warnings)
        {
            StartupWarning(warning);
        }

        return found;
    }

    private bool IsDisabled(string name)
    {
        if (DisabledFunctions.Problem(configuration, name) is { } problem)
        {
            problems.Add(problem);
        }

        if (!DisabledFunctions.Contains(configuration, name))
        {
            return false;
        }

        FunctionDisabled(name, DisabledFunctions.Setting(name));
        return true;
    }

    /// <summary>Makes its listener; null where something is wrong that the rest depends on.</summary>
    private FoundFunction? Load(FunctionDescription description)
    {
        LoadedFunction? function = null;
        FoundFunction? found = null;
        if (IsRight(() => function = WithTriggerOfOurs(LoadedFunction.Load(description, converters))))
        {
            IsRight(() => found = IsRabbitMQ(function!) ? LoadRabbitMQ(function!) : LoadTimer(function!));
            IsRight(() => CheckOutputs(function!));
            IsRight(() => CheckBindings(description));
            IsRight(() => CheckInternals(function!));
        }

        return found;

        bool IsRight(Action check) => problems.IsFree(description.Name, check);
    }

    private static LoadedFunction WithTriggerOfOurs(LoadedFunction function) => IsRabbitMQ(function) || function.Trigger.Is("timerTrigger")
        ? function
        : throw new NotSupportedException($"an app that hosts itself has no {function.Trigger.Type}. It has rabbitMQTrigger and timerTrigger. "
            + $"Run the app in a Functions host ('func start', Azure), or disable the function here: {DisabledFunctions.Setting(function.Name)}=true.");

    private static bool IsRabbitMQ(LoadedFunction function) => function.Trigger.Is(RabbitMQBinding.TriggerType);

    /// <summary>Once is enough: what is wrong is wrong for each function.</summary>
    private void CheckInternals(LoadedFunction function)
    {
        if (_internalsAreChecked)
        {
            return;
        }

        _internalsAreChecked = true;
        using var scope = scopes.CreateScope();
        if (WorkerInternals.Check(new InvocationContext(function, new ValueTrigger("", ""), scopes, CancellationToken.None) { InstanceServices = scope.ServiceProvider }) is { } problem)
        {
            problems.Add(problem);
        }
    }

    private FoundFunction LoadRabbitMQ(LoadedFunction function)
    {
        problems.IsFree(function.Name, () => CheckBody(function.TriggerParameter));
        var queue = queues.Find(function.Name)!;
        var options = new QueueConsumerOptions
        {
            Queue = queue.Queue,
            Handler = function.Name,
            Topology = queue.Topology,
            TopicHeader = appOptions.Value.TopicHeader,
            HandlerOptions = queue.Options,
            LinksTraces = appOptions.Value.LinkTraces,
        };
        var topics = queue.Topology is null ? "" : $", topic {string.Join(", ", queue.Topology.Bindings.Select(binding => $"'{binding.Topic}' on '{binding.Exchange}'"))}";
        return new FoundFunction($"{function.Name}: RabbitMQ trigger, queue '{queue.Queue}'{topics}",
            new RabbitMQTriggerListener(function, brokers.Get(queue.ConnectionStringSetting), options, invoker, deduplication, health, loggers.CreateLogger($"Function.{function.Name}")));
    }

    /// <summary>Checks now that the body type can be read: otherwise the first message would be parked.</summary>
    private void CheckBody(FunctionParameter parameter)
    {
        var isEnvelope = parameter.Type.IsAssignableTo(typeof(TopicMessage));
        var body = isEnvelope ? parameter.Type.GenericTypeArguments.FirstOrDefault() : InputConverters.IsNamedFor(parameter) ? null : parameter.Type;
        if (body is not null && !bodies.Supports(body))
        {
            throw new NotSupportedException($"the parameter '{parameter.Name}' needs JSON of the type {body}, which no JSON context of this trimmed program lists. "
                + $"Add [JsonSerializable(typeof({body.Name}))] to a JsonSerializerContext and the context to JsonSerializerOptions.TypeInfoResolverChain.");
        }
    }

    private FoundFunction LoadTimer(LoadedFunction function)
    {
        var text = settings.Resolve(function.Trigger.Text("schedule") ?? "");
        var now = time.GetUtcNow();
        var schedule = Schedule.Parse(text, TimeZone(), now);
        timers.Add(new TimerFunction(
            function.Name,
            schedule,
            function.Trigger.Flag("runOnStartup"),
            function.Trigger.Flag("useMonitor", fallback: true) && !schedule.IsFrequent(now),
            (timer, cancellationToken) => invoker.InvokeAsync(function, new ValueTrigger(function.TriggerParameter.Name, timer), cancellationToken)));
        return new FoundFunction($"{function.Name}: timer trigger, schedule '{text}'", null);
    }

    private void CheckOutputs(LoadedFunction function)
    {
        foreach (var output in function.Outputs)
        {
            if (output.QueueName.Length == 0)
            {
                throw new NotSupportedException("[RabbitMQOutput] names no queue. Set QueueName.");
            }

            settings.Resolve(output.QueueName);
            brokers.Get(output.ConnectionSetting(appOptions.Value));
        }
    }

    private static void CheckBindings(FunctionDescription description)
    {
        if (description.Bindings.FirstOrDefault(binding => !binding.IsTrigger && !(binding.IsOutput && binding.Is(RabbitMQBinding.OutputType))) is { } other)
        {
            throw new NotSupportedException($"an app that hosts itself has no {(other.IsOutput ? "output" : "input")} '{other.Type}'. It has the outputs [RabbitMQOutput] and [TopicOutput]. "
                + "Run the app in a Functions host ('func start', Azure), or take what you need from a service.");
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
            : throw new FormatException($"the setting '{setting}' is '{id}', which is not a time zone of this machine. Use a name such as Europe/Berlin.");
    }

    [LoggerMessage(LogLevel.Warning, "{Warning}")]
    private partial void StartupWarning(string warning);

    [LoggerMessage(LogLevel.Information, "Function '{Function}' is disabled by the setting '{Setting}'.")]
    private partial void FunctionDisabled(string function, string setting);
}
