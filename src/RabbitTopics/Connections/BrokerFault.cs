using System.Threading.Channels;
using RabbitMQ.Client.Exceptions;

namespace RabbitTopics.Connections;

/// <summary>What the client throws where the broker is gone, does not answer or refuses.</summary>
internal static class BrokerFault
{
    /// <summary>Whether an exception may be such a fault. Where a token of the caller's is cancelled, an <see cref="OperationCanceledException"/> is not one.</summary>
    public static bool Is(Exception exception) => exception is not WireFormattingException
        and (RabbitMQClientException or IOException or ObjectDisposedException or TimeoutException or OperationCanceledException or ChannelClosedException);

    /// <summary>What it says, in a sentence.</summary>
    public static string Reason(Exception exception) => exception switch
    {
        OperationInterruptedException { ShutdownReason: { } reason } => AccessRefusal.Describe(reason),
        OperationCanceledException => "the broker did not answer in time.", // The client cancels what waits for an answer.
        _ => exception.Message,
    };
}
