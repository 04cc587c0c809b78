using Microsoft.CodeAnalysis;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>What can be wrong with a function. Each message names the function and says what to do.</summary>
internal static class Diagnostics
{
    public static readonly DiagnosticDescriptor DuplicateName = Error("RTF001", "Two functions of one name",
        "Function '{0}': the name is given to {1}. Give each function a name of its own.");

    public static readonly DiagnosticDescriptor BadName = Error("RTF002", "Bad function name",
        "Function '{0}': a name begins with a letter and goes on with letters, digits, '-' and '_'");

    public static readonly DiagnosticDescriptor NoSingleTrigger = Error("RTF003", "No trigger, or several",
        "Function '{0}': {1} of its parameters have a trigger. Put [RabbitMQTrigger] or [TimerTrigger] on exactly one.");

    public static readonly DiagnosticDescriptor NotCallable = Error("RTF004", "Function cannot be called",
        "Function '{0}': {1}. Make it a public method, not generic, of a public class that is neither generic nor abstract.");

    public static readonly DiagnosticDescriptor AsyncVoid = Error("RTF005", "Function is async void",
        "Function '{0}' is 'async void': nobody could tell when it ends or fails. Return Task.");

    public static readonly DiagnosticDescriptor UnsupportedParameter = Error("RTF006", "Unsupported parameter type",
        "Function '{0}': the parameter '{1}' has the unsupported type {2}. {3}");

    public static readonly DiagnosticDescriptor ReservedParameterName = Error("RTF007", "Parameter name is taken",
        "Function '{0}': a RabbitMQ trigger's parameter cannot be named '{1}', as Microsoft's host has binding data of that name. Rename it.");

    private static DiagnosticDescriptor Error(string id, string title, string message) =>
        new(id, title, message, "RabbitTopics", DiagnosticSeverity.Error, isEnabledByDefault: true);
}
