using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Messages;

/// <summary>Reads and writes JSON bodies with the app's <see cref="JsonSerializerOptions"/>, the ones that
/// <c>services.Configure&lt;JsonSerializerOptions&gt;(...)</c> sets. In a trimmed or AOT program every type needs a
/// source-generated context in <see cref="JsonSerializerOptions.TypeInfoResolverChain"/>.</summary>
internal sealed class JsonBody(IOptions<JsonSerializerOptions> options)
{
    /// <summary>The media type of JSON.</summary>
    public const string ContentType = "application/json";

    private readonly JsonSerializerOptions _options = ForBodies(options.Value);
    private readonly ConcurrentDictionary<Type, JsonTypeInfo> _written = new();

    /// <summary>Whether a type can be read and written.</summary>
    public bool Supports(Type type) => _options.TryGetTypeInfo(type, out _);

    /// <summary>Reads a body as a value of a type; a JSON null gives null.</summary>
    /// <exception cref="JsonException">The body is not JSON for that type.</exception>
    /// <exception cref="NotSupportedException">The type is in no source-generated context.</exception>
    public object? Read(ReadOnlySpan<byte> body, Type type) => JsonSerializer.Deserialize(body, _options.GetTypeInfo(type));

    /// <summary>What a body says that is one JSON string; null where it is anything else.</summary>
    public static string? TryReadString(ReadOnlySpan<byte> body)
    {
        if (body.TrimStart(" \t\r\n"u8) is not [(byte)'"', ..])
        {
            return null;
        }

        try
        {
            var reader = new Utf8JsonReader(body);
            reader.Read();
            var text = reader.GetString();
            return reader.Read() ? null : text;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // The last for what is no UTF-8.
        {
            return null;
        }
    }

    /// <summary>Whether a value is a collection, each item of which is a message, and not one that JSON has as an object or a text.</summary>
    public bool IsCollection(IEnumerable value) => value is JsonArray || (value is not (string or byte[])
        && (!_options.TryGetTypeInfo(value.GetType(), out var info) || info.Kind == JsonTypeInfoKind.Enumerable));

    /// <summary>Writes text as a JSON string.</summary>
    public static byte[] WriteText(string text) => [(byte)'"', .. JsonEncodedText.Encode(text, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes, (byte)'"'];

    /// <summary>Writes a value by its run-time type, with the discriminator that a base type or interface gives that
    /// (<see cref="JsonDerivedTypeAttribute"/>).</summary>
    /// <exception cref="NotSupportedException">The type is in no source-generated context.</exception>
    public byte[] Write(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return value.GetType().Namespace == "Newtonsoft.Json.Linq"
            ? Encoding.UTF8.GetBytes(value.ToString()!) // System.Text.Json would take it for nested empty arrays.
            : JsonSerializer.SerializeToUtf8Bytes(value, _written.GetOrAdd(value.GetType(), InfoToWrite));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2070", Justification = "An interface that was trimmed away is used by nobody, and reads no discriminator.")]
    private JsonTypeInfo InfoToWrite(Type type)
    {
        for (var known = type; known is not null; known = known.BaseType)
        {
            if (Names(known) && _options.TryGetTypeInfo(known, out var info))
            {
                return info;
            }
        }

        return type.GetInterfaces().FirstOrDefault(Names) is { } declared && _options.TryGetTypeInfo(declared, out var ofInterface)
            ? ofInterface
            : _options.GetTypeInfo(type);

        bool Names(Type known) => known.GetCustomAttributes<JsonDerivedTypeAttribute>(inherit: false).Any(derived => derived.DerivedType == type);
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Runs only where reflection is enabled, which trimming switches off.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Runs only where reflection is enabled, which AOT switches off.")]
    private static JsonSerializerOptions ForBodies(JsonSerializerOptions configured)
    {
        // A copy: HTTP answers of the app are written with the same options, and there HTML is to be escaped.
        var options = new JsonSerializerOptions(configured);
        options.Encoder ??= JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // A body is no HTML: 张三 stays readable.
        if (JsonSerializer.IsReflectionEnabledByDefault && !options.TypeInfoResolverChain.OfType<DefaultJsonTypeInfoResolver>().Any())
        {
            options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver()); // A context that lists some of the app's types must not lock out the others.
        }

        return options;
    }
}
