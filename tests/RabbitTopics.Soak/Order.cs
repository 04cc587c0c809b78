using System.Text.Json.Serialization;

namespace RabbitTopics.Soak;

/// <summary>What the soak publishes.</summary>
public sealed record Order(int Number, Fate Fate);

/// <summary>What becomes of a message.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Fate>))]
public enum Fate
{
    /// <summary>It is handled at once.</summary>
    Good,

    /// <summary>Its first attempt fails.</summary>
    FailsOnce,

    /// <summary>Every attempt fails: it is parked.</summary>
    AlwaysFails,

    /// <summary>Its body is no JSON: it is parked.</summary>
    Malformed,
}
