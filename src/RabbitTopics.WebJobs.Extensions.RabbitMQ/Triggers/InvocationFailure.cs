using Microsoft.Azure.WebJobs.Host;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.WebJobs.Triggers;

/// <summary>Reads of a failed invocation what that says of its message.</summary>
internal static class InvocationFailure
{
    /// <summary>Of a Functions host, whose types an extension cannot name: what a function of another process threw.</summary>
    private const string OfWorker = "Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException";

    /// <summary>Of what a Functions host throws where no worker process can take the invocation (azure-functions-host, RpcFunctionInvocationDispatcher).</summary>
    private static readonly string[] NoWorker = ["Did not find any initialized language workers", "is not loaded by the language worker"];

    private static readonly string?[] Cancellations = [typeof(OperationCanceledException).FullName, typeof(TaskCanceledException).FullName];

    /// <summary>What the function threw; a <see cref="HandlerNotRunException"/> where no worker process took it, and a <see cref="PoisonMessageException"/> where its parameter could
    /// not be made of the message.</summary>
    public static Exception Read(Exception? exception)
    {
        for (var inner = exception; inner is not null; inner = inner.InnerException)
        {
            if (inner is BodyFormatException or PoisonMessageException)
            {
                return inner as PoisonMessageException ?? new PoisonMessageException(inner);
            }

            if (inner is InvalidOperationException && Array.Exists(NoWorker, text => inner.Message.Contains(text, StringComparison.Ordinal)))
            {
                return new HandlerNotRunException(inner);
            }

            if (inner.GetType().FullName == OfWorker)
            {
                return new RemoteException(Text(inner, "RemoteTypeName") ?? OfWorker, Text(inner, "RemoteMessage") ?? inner.Message, Text(inner, "RemoteStackTrace"));
            }
        }

        return exception switch
        {
            // The host says of an output only which one it was (azure-webjobs-sdk, FunctionExecutor).
            FunctionInvocationException { InnerException: InvalidOperationException { InnerException: TopicPublishException notPublished } } => notPublished,
            FunctionInvocationException { InnerException: { } thrown } => thrown,
            _ => exception ?? new InvalidOperationException("The function failed, and the host does not say of what."),
        };
    }

    /// <summary>Whether a failure is that the function was cancelled, here or in its own process.</summary>
    public static bool IsCancellation(Exception failure) =>
        failure is OperationCanceledException or { InnerException: OperationCanceledException } || Cancellations.Contains(RemoteException.TypeNameOf(failure));

    private static string? Text(Exception exception, string property) => exception.GetType().GetProperty(property)?.GetValue(exception) is string { Length: > 0 } text ? text : null;
}
