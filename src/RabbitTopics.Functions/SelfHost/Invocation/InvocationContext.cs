using System.Collections;
using System.Diagnostics;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using Microsoft.Extensions.DependencyInjection;
using RabbitMQ.Client;
using RabbitTopics.Telemetry;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>The context of one invocation, and its features: what the parts of an invocation leave for one another, by type. Those of
/// Microsoft's worker are made when they are asked for.</summary>
internal sealed class InvocationContext(LoadedFunction function, FunctionTrigger trigger, IServiceScopeFactory scopes, CancellationToken cancellationToken)
    : FunctionContext, IInvocationFeatures
{
    private readonly Lock _lock = new();
    private AsyncServiceScope? _scope;
    private bool _hasEnded;

    /// <summary>A handful: looking through them is quicker than hashing, and takes less room.</summary>
    private List<KeyValuePair<Type, object>>? _features;

    private object? _bindings;

    public LoadedFunction Function => function;

    public FunctionTrigger Trigger => trigger;

    /// <summary>The function's arguments; null until they are bound.</summary>
    public FunctionInputBindingResult? Arguments { get; set; }

    /// <summary>Whether a middleware has bound a parameter, and perhaps set it.</summary>
    public bool IsBoundByMiddleware { get; private set; }

    public override string InvocationId => field ??= Guid.NewGuid().ToString(); // Costs more than the rest of an invocation; few ask for it.

    public override string FunctionId => function.Definition.Id;

    public override FunctionDefinition FunctionDefinition => function.Definition;

    public override BindingContext BindingContext => field ??= new TriggerBindingContext(trigger);

    public override TraceContext TraceContext => field ??= new InvocationTrace(Activity.Current, trigger.MessageProperties);

    public override RetryContext RetryContext => NoRetryContext.Instance;

    /// <summary>Services of the invocation's own, made when they are asked for.</summary>
    /// <exception cref="ObjectDisposedException">The invocation has ended.</exception>
    public override IServiceProvider InstanceServices
    {
        get
        {
            lock (_lock)
            {
                ObjectDisposedException.ThrowIf(_hasEnded && field is null, typeof(IServiceProvider));
                return field ??= (_scope = scopes.CreateAsyncScope()).Value.ServiceProvider;
            }
        }
        set;
    }

    public override IDictionary<object, object> Items { get => field ??= new Dictionary<object, object>(); set; }

    public override IInvocationFeatures Features => this;

    public override CancellationToken CancellationToken => cancellationToken;

    /// <summary>Ends the invocation: disposes of its services.</summary>
    public ValueTask EndAsync()
    {
        lock (_lock)
        {
            _hasEnded = true;
            return _scope?.DisposeAsync() ?? ValueTask.CompletedTask;
        }
    }

    public void Set<T>(T instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        _features ??= [];
        _features.RemoveAll(static known => known.Key == typeof(T));
        _features.Add(new(typeof(T), instance));
    }

    public T? Get<T>()
    {
        var index = _features?.FindIndex(static known => known.Key == typeof(T)) ?? -1;
        return (T?)(index >= 0 ? _features![index].Value : Find(typeof(T)));
    }

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => (_features ?? []).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private object? Find(Type type)
    {
        if (type == WorkerInternals.BindingsKey)
        {
            return _bindings ??= WorkerInternals.NewBindings(this, trigger, trigger);
        }

        if (type == WorkerInternals.ConversionKey)
        {
            IsBoundByMiddleware = true; // Nobody but BindInputAsync() asks for it.
            return WorkerInternals.NewConversion(InstanceServices);
        }

        return type == typeof(IFunctionInputBindingFeature) ? function.Inputs : type == typeof(InvocationContext) ? this : trigger.Feature(type);
    }

    private sealed class TriggerBindingContext(FunctionTrigger trigger) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => trigger.BindingData;
    }

    /// <summary>The trace of the span that the invocation is in; where nobody listens to spans, that of its message.</summary>
    private sealed class InvocationTrace : TraceContext
    {
        public InvocationTrace(Activity? activity, IReadOnlyBasicProperties? message) => (TraceParent, TraceState) =
            activity is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? (id, activity.TraceStateString ?? "")
            : message is null ? ("", "")
            : TraceContextHeaders.ReadTexts(message);

        public override string TraceParent { get; }

        public override string TraceState { get; }
    }

    /// <summary>There is no retry inside one delivery.</summary>
    private sealed class NoRetryContext : RetryContext
    {
        public static readonly NoRetryContext Instance = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
