using Microsoft.CodeAnalysis;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>The rules for functions, explained in docs/analyzer.md. The first argument of every message is the function's name.</summary>
internal static class Rules
{
    private static readonly List<DiagnosticDescriptor> Known = [];

    public static readonly DiagnosticDescriptor DuplicateName = New("RTF001", "Function names must differ",
        "Function '{0}': the name is given to {1} and to {2}, and upper and lower case are the same. Give each function a name of its own.",
        tags: WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor InvalidName = New("RTF002", "Function names are letters, digits, '-' and '_'",
        "Function '{0}': the name of {1} is empty or not allowed. Use a letter (A-Z), followed by at most 127 letters, digits, '-' or '_'; "
        + "'host' is taken.");

    public static readonly DiagnosticDescriptor NoTrigger = New("RTF003", "A function needs a trigger",
        "Function '{0}': no parameter has a trigger. Put one on a parameter, for example [RabbitMQTrigger] or [TimerTrigger].");

    public static readonly DiagnosticDescriptor SeveralTriggers = New("RTF004", "A function has one trigger",
        "Function '{0}': {1} is a trigger besides {2}. Leave one of them, and write a function for each trigger.");

    public static readonly DiagnosticDescriptor NotCallable = New("RTF005", "A function is a public method of an ordinary class",
        "Function '{0}': the worker cannot call {1}: {2}");

    public static readonly DiagnosticDescriptor ByReference = New("RTF007", "A function takes and returns plain values",
        "Function '{0}': {1}, which the worker cannot pass. Use an ordinary type, such as byte[] or string.");

    public static readonly DiagnosticDescriptor UnsupportedBody = New("RTF008", "A message cannot be read as this type",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}: {3}. "
        + "Use string, byte[], ReadOnlyMemory<byte>, TopicMessage, or a concrete type for a JSON body, or name an [InputConverter].");

    public static readonly DiagnosticDescriptor UnsupportedTimer = New("RTF009", "A timer gives a TimerInfo",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}. Use TimerInfo for a [TimerTrigger].");

    public static readonly DiagnosticDescriptor ReservedName = New("RTF010", "A message's parameter must not be named as its binding data",
        "Function '{0}': the parameter '{1}' has the name of an entry of the binding data, and Microsoft's host would disable the function. "
        + "Name it otherwise, for example 'message'.");

    public static readonly DiagnosticDescriptor UnboundParameter = New("RTF011", "Every parameter needs a source",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}: nothing gives it a value. "
        + "Take services in the constructor, name an [InputConverter], or give it a default value.");

    public static readonly DiagnosticDescriptor NotConstructible = New("RTF012", "The worker must be able to make the object",
        "Function '{0}': an object of {1} cannot be made: {2}");

    public static readonly DiagnosticDescriptor OutputWithoutResult = New("RTF013", "An output needs a result",
        "Function '{0}': {1} has an output attribute and returns nothing to write. "
        + "Return a value, or take an ITopicCollector<T> as a parameter with [TopicOutput].");

    public static readonly DiagnosticDescriptor InvalidSchedule = New("RTF014", "A timer needs a valid schedule",
        "Function '{0}': the schedule '{1}' is invalid: {2}");

    public static readonly DiagnosticDescriptor InvalidSubscription = New("RTF015", "A subscription needs a valid topic and exchange type",
        "Function '{0}': it subscribes to {1}");

    public static readonly DiagnosticDescriptor InvalidOutput = New("RTF016", "An output needs one topic",
        "Function '{0}': it publishes to '{1}'. Name one topic; wildcards are for subscriptions.");

    public static readonly DiagnosticDescriptor SubscriptionWithoutTrigger = New("RTF017", "A subscription belongs to a RabbitMQ trigger",
        "Function '{0}': the parameter '{1}' has [{2}] and no [RabbitMQTrigger]. Put both on one parameter.");

    public static readonly DiagnosticDescriptor IncompleteCollector = New("RTF018", "A collector needs a topic, and a topic a collector",
        "Function '{0}': the parameter '{1}' needs both [TopicOutput] and the type ITopicCollector<T>. Add {2}.");

    public static readonly DiagnosticDescriptor NoEffect = New("RTF019", "The attribute has no effect",
        "Function '{0}': [{1}] has no effect: {2}", DiagnosticSeverity.Warning);

    public static readonly DiagnosticDescriptor CollectorsOfOneType = New("RTF020", "Collectors differ in type",
        "Function '{0}': the parameters '{1}' and '{2}' are collectors of one type. "
        + "Take one ITopicCollector<TopicMessage<T>>, whose messages name their topics.");

    public static readonly DiagnosticDescriptor NoQueue = New("RTF021", "A RabbitMQ trigger names its queue",
        "Function '{0}': its [RabbitMQTrigger] names an empty queue. Name one.");

    public static readonly DiagnosticDescriptor InvalidBindingName = New("RTF022", "Names of bound parameters are letters and digits",
        "Function '{0}': Microsoft's host does not take '{1}' as the name of a bound parameter. "
        + "Use a letter (A-Z), followed by at most 127 letters or digits.");

    public static readonly DiagnosticDescriptor InvalidValue = New("RTF023", "A value of an attribute is one that it can have",
        "Function '{0}': [{1}({2})] is '{3}'. {4}");

    public static readonly DiagnosticDescriptor SharedQueue = New("RTF024", "A queue has one function",
        "Function '{0}': its queue '{1}' is that of function '{2}', too, and each message goes to one of them only. "
        + "Give each function a queue of its own; or take all topics in one function, and tell them apart with TopicPattern.",
        DiagnosticSeverity.Warning, WellKnownDiagnosticTags.CompilationEnd);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DiagnosticDescriptor> All => Known;

    private static DiagnosticDescriptor New(string id, string title, string message, DiagnosticSeverity severity = DiagnosticSeverity.Error, params string[] tags)
    {
        var rule = new DiagnosticDescriptor(id, title, message, "RabbitTopics", severity, isEnabledByDefault: true, customTags: tags);
        Known.Add(rule);
        return rule;
    }
}
