using System.Diagnostics;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitTopics.Connections;

namespace RabbitTopics.Publishing;

/// <summary>One publish, from the call to the broker's answer.</summary>
internal sealed class Publish
{
    /// <summary>A publish that nobody waits for yet.</summary>
    public Publish(string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body)
    {
        Exchange = exchange;
        RoutingKey = routingKey;
        Properties = properties;
        Body = body;
        Node = new LinkedListNode<Publish>(this);
    }

    public string Exchange { get; }

    public string RoutingKey { get; }

    public BasicProperties Properties { get; }

    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>How many bytes of memory it is taken to hold: the body, and a share for its properties, headers and what waits for it.</summary>
    public int Size => Body.Length + 1024;

    /// <summary>How long it may take from the call to the answer.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>When it was called, as <see cref="Stopwatch.GetTimestamp"/> counts.</summary>
    private long Called { get; init; } = Stopwatch.GetTimestamp();

    /// <summary>What is left of its time.</summary>
    public TimeSpan TimeLeft => Stopwatch.GetElapsedTime(Called) is var elapsed && elapsed < Timeout ? Timeout - elapsed : TimeSpan.Zero;

    /// <summary>When its time is over, as <see cref="Stopwatch.GetTimestamp"/> counts.</summary>
    public long Deadline => Called + (long)(Timeout.TotalSeconds * Stopwatch.Frequency);

    /// <summary>Whether it was let in before: it is not held up by what waits for the broker.</summary>
    public bool IsAgain { get; private init; }

    /// <summary>Whether a message that reaches no queue is an error.</summary>
    public bool Mandatory { get; init; } = true;

    /// <summary>Whether it is sent again when its channel is lost before the broker answered.</summary>
    public bool Resend { get; init; }

    /// <summary>Ends with the broker's answer.</summary>
    public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The activity of its caller.</summary>
    public Activity? Activity { get; } = Activity.Current;

    /// <summary>Its place in the list that it is in.</summary>
    public LinkedListNode<Publish> Node { get; }

    /// <summary>The number of its confirm on the channel that it was last sent on.</summary>
    public ulong Tag { get; set; }

    /// <summary>Whether some of it may have reached the broker.</summary>
    public bool IsSent { get; set; }

    /// <summary>Why the channel was lost that it was last written on; null where nobody said.</summary>
    public ShutdownEventArgs? LostBy { get; set; }

    /// <summary>Why the broker gave it back; its confirm is still to come. Null where it did not.</summary>
    public string? ReturnedWith { get; set; }

    /// <summary>The same message once more, within what is left of its time.</summary>
    public Publish Again() => new(Exchange, RoutingKey, Properties, Body) { Called = Called, Timeout = Timeout, Mandatory = Mandatory, Resend = Resend, IsAgain = true };

    /// <summary>Whether a returned message looks like this one. The broker does not say which publish it returns.</summary>
    public bool Matches(BasicReturnEventArgs returned) => Mandatory && ReturnedWith is null && returned.RoutingKey == RoutingKey
        && returned.Body.Length == Body.Length && returned.BasicProperties.MessageId == Properties.MessageId;

    /// <summary>Its error where the channel that it was sent on is lost; null where it is to be sent again.</summary>
    public TopicPublishException? FailureOf(ShutdownEventArgs? reason) =>
        IsSent && IsRefusal(reason) && !IsOfAnotherMessage(reason!.ReplyText) ? Refused(reason)
        : !IsSent || Resend ? null
        : new BrokerUnavailableException(Exchange, RoutingKey, reason?.ReplyCode == Constants.PreconditionFailed
            ? "the broker closed the channel because of another message, and it may have this one or not; Resend sends it again."
            : "the connection to the broker was lost.");

    /// <summary>Whether the broker closed a channel because of what was asked of it.</summary>
    public static bool IsRefusal(ShutdownEventArgs? reason) =>
        reason is { Initiator: ShutdownInitiator.Peer, ReplyCode: Constants.AccessRefused or Constants.NotFound or Constants.PreconditionFailed };

    public PublishRefusedException Refused(ShutdownEventArgs reason) => new(Exchange, RoutingKey, reason.ReplyCode, AccessRefusal.Describe(reason));

    /// <summary>What the broker says of the exchange holds for every message, and what it says of a property or the size for those that have it
    /// (rabbit_channel.erl, basic.publish).</summary>
    private bool IsOfAnotherMessage(string text) =>
        text.Contains("access to topic '", StringComparison.Ordinal) ? !text.Contains($"access to topic '{RoutingKey}'", StringComparison.Ordinal)
        : text.Contains("user_id", StringComparison.Ordinal) ? Properties.UserId is null
        : text.Contains("invalid expiration", StringComparison.Ordinal) ? Properties.Expiration is null
        : text.Contains("_in_header", StringComparison.Ordinal) ? Properties.Headers?.Keys.Any(name => name is "CC" or "BCC") != true
        : text.Contains("message size ", StringComparison.Ordinal) && !text.Contains($"message size {Body.Length} ", StringComparison.Ordinal);
}
