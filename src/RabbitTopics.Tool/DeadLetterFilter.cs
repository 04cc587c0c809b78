using System.CommandLine;

namespace RabbitTopics.Tool;

/// <summary>The options that choose dead letters.</summary>
internal sealed class DeadLetterFilter
{
    private readonly Option<string?> _id = new("--id") { Description = "The message id." };
    private readonly Option<string?> _reason = new("--reason") { Description = "Why they were parked: max-attempts, poison, …" };
    private readonly Option<string?> _exception = new("--exception") { Description = "A part of the type or message of the last exception." };
    private readonly Option<string?> _topic = new("--topic") { Description = "A pattern of topics: orders.*, #." };
    private readonly Option<TimeSpan?> _olderThan = Times.Option("--older-than", "Parked so long ago at least: 01:30:00, 7.00:00:00.");

    private readonly Option<int?> _most = new("--most") { Description = "How many messages of the queue are looked at; all of them without it." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _id, _reason, _exception, _topic, _olderThan, _most })
        {
            command.Options.Add(option);
        }
    }

    public int Most(ParseResult parsed) => parsed.GetValue(_most) ?? int.MaxValue;

    /// <summary>Whether a message is one of those that are chosen.</summary>
    public Func<DeadLetter, bool> Read(ParseResult parsed)
    {
        var (id, reason, exception, topic, olderThan) = (parsed.GetValue(_id), parsed.GetValue(_reason), parsed.GetValue(_exception), parsed.GetValue(_topic), parsed.GetValue(_olderThan));
        var now = DateTimeOffset.UtcNow;
        return letter => (id is null || letter.Message.Id == id)
            && (reason is null || string.Equals(letter.Reason, reason, StringComparison.OrdinalIgnoreCase))
            && (exception is null || Has(letter.ExceptionType) || Has(letter.ExceptionMessage))
            && (topic is null || TopicPattern.Matches(topic, letter.Message.Topic))
            && (olderThan is null || letter.Time < now - olderThan);

        bool Has(string? text) => text?.Contains(exception, StringComparison.OrdinalIgnoreCase) == true;
    }
}
