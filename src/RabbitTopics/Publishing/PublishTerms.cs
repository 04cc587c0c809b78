namespace RabbitTopics.Publishing;

/// <summary>What a publish may take, and what is done when it goes wrong.</summary>
/// <param name="Timeout">How long all of it may take.</param>
/// <param name="Mandatory">Whether a message that reaches no queue is an error.</param>
/// <param name="Resend">Whether it is sent again when the connection is lost before the broker answered.</param>
internal readonly record struct PublishTerms(TimeSpan Timeout, bool Mandatory, bool Resend);

/// <summary>How far a publish has come, for its error.</summary>
internal sealed class PublishStage
{
    /// <summary>Whether there was a connection.</summary>
    public bool IsConnected { get; set; }
}
