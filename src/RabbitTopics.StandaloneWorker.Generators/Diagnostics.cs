using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>The rules for functions. The first argument of every message is the function's name.</summary>
internal static class Diagnostics
{
    public static readonly DiagnosticDescriptor DuplicateName = Error("RTF001", "Function names must differ",
        "Function '{0}': the name is given to {1} and to {2}, and upper and lower case are the same. Give each function a name of its own.");

    public static readonly DiagnosticDescriptor InvalidName = Error("RTF002", "Function names are letters, digits, '-' and '_'",
        "Function '{0}': the name of {1} is empty or not allowed. Use a letter (A-Z), followed by letters, digits, '-' or '_'.");

    public static readonly DiagnosticDescriptor NoTrigger = Error("RTF003", "A function needs a trigger",
        "Function '{0}': no parameter has a trigger. Put [RabbitMQTrigger] or [TimerTrigger] on one of them.");

    public static readonly DiagnosticDescriptor SeveralTriggers = Error("RTF004", "A function has one trigger",
        "Function '{0}': {1} is a trigger besides {2}. Leave one of them, and write a function for each trigger.");

    public static readonly DiagnosticDescriptor NotCallable = Error("RTF005", "A function is a public method of a public class",
        "Function '{0}': {1} cannot be called by the worker: {2}");

    public static readonly DiagnosticDescriptor AsyncVoid = Error("RTF006", "A function must not be async void",
        "Function '{0}': {1} is async void, so that nobody sees its end or its failure. Return Task.");

    public static readonly DiagnosticDescriptor ByReference = Error("RTF007", "A function takes and returns plain values",
        "Function '{0}': {1}, which the worker cannot pass. Use an ordinary type, such as byte[] or string.");

    public static readonly DiagnosticDescriptor UnsupportedBody = Error("RTF008", "A message cannot be read as this type",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}: {3}. "
        + "Use string, byte[], ReadOnlyMemory<byte>, TopicMessage, or a concrete type for a JSON body, or name an [InputConverter].");

    public static readonly DiagnosticDescriptor UnsupportedTimer = Error("RTF009", "A timer gives a TimerInfo",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}. Use TimerInfo for a [TimerTrigger].");

    public static readonly DiagnosticDescriptor ReservedName = Error("RTF010", "A message's parameter must not be named as its binding data",
        "Function '{0}': the parameter '{1}' has the name of an entry of the binding data, and Microsoft's host would disable the function. "
        + "Name it otherwise, for example 'message'.");

    public static readonly DiagnosticDescriptor UnboundParameter = Error("RTF011", "Every parameter needs a source",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}: nothing gives it a value. "
        + "Take services in the constructor, name an [InputConverter], or give it a default value.");

    public static readonly DiagnosticDescriptor NotConstructible = Error("RTF012", "The worker must be able to make the object",
        "Function '{0}': an object of {1} cannot be made: {2}");

    public static readonly DiagnosticDescriptor OutputWithoutResult = Error("RTF013", "An output needs a result",
        "Function '{0}': {1} has an output attribute and returns nothing to write. Return a value, or take an ITopicCollector<T> as a parameter with [TopicOutput].");

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "RabbitTopics", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
