namespace RabbitTopics.Publish;

/// <summary>Where a message goes. What is null comes from <see cref="RabbitTopicsOptions"/>.</summary>
public sealed record PublishOptions
{
    /// <summary>The exchange.</summary>
    public string? Exchange { get; init; }

    /// <summary>The setting that names the broker.</summary>
    public string? ConnectionStringSetting { get; init; }
}
