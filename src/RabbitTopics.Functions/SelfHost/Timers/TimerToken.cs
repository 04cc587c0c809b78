using RabbitMQ.Client.Events;

namespace RabbitTopics.Functions.SelfHost.Timers;

/// <summary>A message of the timers' queue. Whoever gets one is the queue's active consumer; what it says is what the app's timers
/// have done.</summary>
/// <param name="Tag">Its delivery tag.</param>
/// <param name="Id">Its message id.</param>
/// <param name="Sender">The session that it comes from.</param>
/// <param name="Kind">What it is for.</param>
/// <param name="IsRedelivered">Whether somebody had it before.</param>
/// <param name="Body">What it says of the timers; null where it cannot be read.</param>
internal sealed record TimerToken(ulong Tag, string? Id, string? Sender, string? Kind, bool IsRedelivered, TimersBody? Body)
{
    /// <summary>The kind of one that keeps the timers' state: of an active consumer.</summary>
    public const string State = "timers";

    /// <summary>The kind of one that only asks who is active: of an instance that stands by.</summary>
    public const string Question = "who-leads";

    public static TimerToken Read(BasicDeliverEventArgs delivery) => new(
        delivery.DeliveryTag, delivery.BasicProperties.MessageId, delivery.BasicProperties.CorrelationId, delivery.BasicProperties.Type,
        delivery.Redelivered, TimersBody.Read(delivery.Body.Span));
}
