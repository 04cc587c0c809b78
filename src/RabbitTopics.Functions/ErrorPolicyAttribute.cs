namespace RabbitTopics.Functions;

/// <summary>Beside <c>[Function]</c>: what is done with a message when the function fails. What is not set here comes from
/// <see cref="RabbitTopicsOptions.Handler"/>.</summary>
/// <param name="action">What is done on an error.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ErrorPolicyAttribute(ErrorAction action) : Attribute
{
    /// <summary>What is done on an error.</summary>
    public ErrorAction Action { get; } = action;

    /// <summary>The delays before the second attempt, the third and so on, as TimeSpans with commas between them:
    /// <c>"00:00:01, 00:00:05"</c>. The last one repeats. A <c>%NAME%</c> in it is replaced by the setting of that name.
    /// Default: <see cref="ErrorPolicy.Delays"/> of the app.</summary>
    public string? Delays { get; set; }

    /// <summary>How often a message is handled before it is parked, the first time included;
    /// <see cref="ErrorPolicy.Unlimited"/> for no limit. Default: <see cref="ErrorPolicy.MaxAttempts"/> of the app.</summary>
    public int MaxAttempts { get => MaxAttemptsOrUnset.GetValueOrDefault(); set => MaxAttemptsOrUnset = value; }

    /// <summary>How often the broker may get a message of a quorum queue back unsettled and deliver it again;
    /// <see cref="ErrorPolicy.Unlimited"/> for no limit. Default: <see cref="ErrorPolicy.MaxRedeliveries"/> of the app.</summary>
    public int MaxRedeliveries { get => MaxRedeliveriesOrUnset.GetValueOrDefault(); set => MaxRedeliveriesOrUnset = value; }

    /// <summary>Exceptions that no other attempt can help, beside those of the app. Default: none.</summary>
    public Type[] NonRetryable { get; set; } = [];

    internal int? MaxAttemptsOrUnset { get; private set; }

    internal int? MaxRedeliveriesOrUnset { get; private set; }
}
