using System.Diagnostics;
using System.Text;
using RabbitMQ.Client;

namespace RabbitTopics.Telemetry;

/// <summary>Writes the context of a trace into the headers of a message, and reads it: W3C Trace Context
/// (https://www.w3.org/TR/trace-context-amqp/), or what the app's <see cref="DistributedContextPropagator"/> makes of it.</summary>
internal static class TraceContextHeaders
{
    /// <summary>Writes the context of an activity, in place of one that the message came with.</summary>
    public static void Write(Activity activity, BasicProperties properties)
    {
        var headers = properties.Headers ??= new Dictionary<string, object?>();
        foreach (var old in headers.Keys.Where(key => DistributedContextPropagator.Current.Fields.Contains(key, StringComparer.OrdinalIgnoreCase)).ToList())
        {
            headers.Remove(old); // In any casing: go-micro writes "Traceparent".
        }

        DistributedContextPropagator.Current.Inject(activity, headers, static (carrier, name, value) => ((IDictionary<string, object?>)carrier!)[name] = value);
    }

    /// <summary>The context in the headers of a message; default where there is none, or nothing that can be read as one.</summary>
    public static ActivityContext Read(IReadOnlyBasicProperties properties) => TryRead(properties, out var context, out _, out _) ? context : default;

    /// <summary>The same as the texts of <c>traceparent</c> and <c>tracestate</c>; empty ones where there is none.</summary>
    public static (string TraceParent, string TraceState) ReadTexts(IReadOnlyBasicProperties properties) =>
        TryRead(properties, out _, out var parent, out var state) ? (parent!, state ?? "") : ("", "");

    private static bool TryRead(IReadOnlyBasicProperties properties, out ActivityContext context, out string? parent, out string? state)
    {
        (context, parent, state) = (default, null, null);
        if (properties.Headers is not { Count: > 0 } headers)
        {
            return false;
        }

        DistributedContextPropagator.Current.ExtractTraceIdAndState(headers, Get, out parent, out state);
        return ActivityContext.TryParse(parent, state, isRemote: true, out context);
    }

    /// <summary>The baggage in the headers of a message.</summary>
    public static IEnumerable<KeyValuePair<string, string?>> ReadBaggage(IReadOnlyBasicProperties properties) =>
        properties.Headers is { Count: > 0 } headers ? DistributedContextPropagator.Current.ExtractBaggage(headers, Get) ?? [] : [];

    /// <summary>A header as text. Publishers write it as an AMQP string, which arrives as bytes; what is anything else does not count.</summary>
    private static void Get(object? carrier, string name, out string? value, out IEnumerable<string>? values)
    {
        var headers = (IDictionary<string, object?>)carrier!;
        var found = headers.TryGetValue(name, out var exact) ? exact : headers.FirstOrDefault(header => header.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;
        value = found switch { byte[] bytes => Encoding.UTF8.GetString(bytes), string text => text, _ => null };
        values = null;
    }
}
