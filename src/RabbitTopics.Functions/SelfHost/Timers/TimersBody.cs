using System.Text.Json;
using System.Text.Json.Serialization;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>The body of a token.</summary>
/// <param name="Timers">What is known of the timers, also of those that only another version of the app has.</param>
/// <param name="Own">The timers that the sender has.</param>
internal sealed record TimersBody(IReadOnlyDictionary<string, TimerStatus> Timers, IReadOnlyCollection<string> Own)
{
    /// <summary>Reads a body; null where it is none.</summary>
    public static TimersBody? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, TimersJson.Default.TimersBody) is { Timers: { } timers, Own: not null } read
                && timers.Values.All(status => status?.Schedule is not null)
                    ? read
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, TimersJson.Default.TimersBody);
}

/// <summary>JSON without reflection, for trimmed programs.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TimersBody))]
internal sealed partial class TimersJson : JsonSerializerContext;
