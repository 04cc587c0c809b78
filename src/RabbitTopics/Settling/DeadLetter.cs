namespace RabbitTopics.Settling;

/// <summary>Why a message is parked.</summary>
/// <param name="Reason">One of <see cref="DeadLetterReasons"/>, or the handler's own.</param>
/// <param name="Description">The reason in words.</param>
/// <param name="Error">The last attempt's exception.</param>
internal sealed record DeadLetter(string Reason, string? Description, Exception? Error);
