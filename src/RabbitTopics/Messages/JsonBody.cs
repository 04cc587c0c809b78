using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
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

    private readonly JsonSerializerOptions _options = WithReflectionWhereThereIsAny(options.Value);

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

    /// <summary>Writes a value by its run-time type.</summary>
    /// <exception cref="NotSupportedException">The type is in no source-generated context.</exception>
    public byte[] Write(object value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return JsonSerializer.SerializeToUtf8Bytes(value, _options.GetTypeInfo(value.GetType()));
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Runs only where reflection is enabled, which trimming switches off.")]
    [UnconditionalSuppressMessage("AOT", "IL3050", Justification = "Runs only where reflection is enabled, which AOT switches off.")]
    private static JsonSerializerOptions WithReflectionWhereThereIsAny(JsonSerializerOptions configured)
    {
        if (!JsonSerializer.IsReflectionEnabledByDefault || configured.TypeInfoResolverChain.OfType<DefaultJsonTypeInfoResolver>().Any())
        {
            return configured;
        }

        // A context that lists some of the app's types must not lock out the others.
        var options = new JsonSerializerOptions(configured);
        options.TypeInfoResolverChain.Add(new DefaultJsonTypeInfoResolver());
        return options;
    }
}
