namespace RabbitTopics.Conformance;

/// <summary>What not every host can do: docs/hosts.md has the reasons. A test asks for these where its expectation differs, and runs
/// on every host.</summary>
[Flags]
public enum HostCapabilities
{
    None = 0,

    /// <summary>Messages of a queue are handled side by side, and prefetched, as the function says.</summary>
    ConcurrencyPerFunction = 1,

    /// <summary>A stopping app waits for its handlers, cancels those that take too long, and gives their messages back
    /// uncounted.</summary>
    GracePeriod = 2,

    /// <summary>A header of AMQP type <c>u</c> is read.</summary>
    UnsignedShortHeaders = 4,

    /// <summary>The app's process ends where a handler ends it.</summary>
    OneProcess = 8,

    /// <summary>A lost connection is back within a second or two after the broker is.</summary>
    PromptReconnect = 16,

    /// <summary>What a function writes with <c>[RabbitMQOutput]</c> is confirmed before its message is done.</summary>
    ConfirmedOutputs = 32,

    /// <summary>A message whose header <c>traceparent</c> is not a string is handled.</summary>
    AnyTraceParent = 64,

    /// <summary>A handler that ends its process has failed, which is an attempt as any other: its host lives on and knows.</summary>
    EndedProcessIsAttempt = 128,
}
