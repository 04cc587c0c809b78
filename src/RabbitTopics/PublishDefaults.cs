namespace RabbitTopics;

/// <summary>What a publish adds to a message that does not say otherwise itself.</summary>
[Flags]
public enum PublishDefaults
{
    /// <summary>Nothing: the message goes as it is.</summary>
    None = 0,

    /// <summary>Delivery mode 2: the broker writes the message to disk.</summary>
    Persistent = 1,

    /// <summary>A message id, a UUID of version 7.</summary>
    MessageId = 2,

    /// <summary>The time, in the property timestamp.</summary>
    Timestamp = 4,

    /// <summary>The property content type, by what the body was made of.</summary>
    ContentType = 8,

    /// <summary>The topic in the topic header, by which a go-micro subscriber dispatches.</summary>
    TopicHeader = 16,

    /// <summary>The content type in the header <c>Content-Type</c>, which a go-micro subscriber needs.</summary>
    ContentTypeHeader = 32,

    /// <summary>The message id in the headers <c>Micro-Id</c> (go-micro up to v4.9) and <c>Micro-ID</c> (from v4.10).</summary>
    MicroIdHeaders = 64,

    /// <summary>All of them.</summary>
    All = Persistent | MessageId | Timestamp | ContentType | TopicHeader | ContentTypeHeader | MicroIdHeaders,
}
