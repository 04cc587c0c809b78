using Microsoft.Azure.WebJobs.Description;

namespace Microsoft.Azure.WebJobs;

/// <summary>Runs the function for each message of a RabbitMQ queue. In a function.json or functions.metadata it is the binding of type <c>rabbitMQTrigger</c>,
/// whose entries have the names of the properties here. Has the members of Microsoft's attribute of the name, and more.</summary>
/// <param name="queueName">See <see cref="QueueName"/>.</param>
[AttributeUsage(AttributeTargets.Parameter)]
[Binding]
public sealed class RabbitMQTriggerAttribute(string queueName) : Attribute
{
    /// <summary>The queue; <c>%NAME%</c> in it stands for a setting.</summary>
    public string QueueName { get; } = queueName;

    /// <summary>The name of the setting that holds the broker's AMQP URI. Where it is given the parts below are not
    /// looked at. Default: <c>RabbitMQ</c>, if <see cref="HostName"/> is not given either.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>The broker's host, where no URI is given; <c>%NAME%</c> in it stands for a setting.</summary>
    public string? HostName { get; set; }

    /// <summary>The name of the setting that holds the user, where no URI is given. Default: the user is <c>guest</c>.</summary>
    public string? UserNameSetting { get; set; }

    /// <summary>The name of the setting that holds the password, where no URI is given. Default: it is <c>guest</c>.</summary>
    public string? PasswordSetting { get; set; }

    /// <summary>The broker's port, where no URI is given; 5671 is that of TLS (amqps). Default: 0, which stands for 5672.</summary>
    public int Port { get; set; }

    /// <summary>Whether the broker's TLS certificate is taken unchecked. Default: false.</summary>
    public bool DisableCertificateValidation { get; set; }

    /// <summary>How many deliveries may be on their way before the first is settled. Default: 0, which stands for that of host.json, <c>prefetchCount</c>; 30
    /// where that says nothing.</summary>
    public int PrefetchCount { get; set; }

    /// <summary>How many messages of the queue an instance handles side by side; at 1 in the queue's order. Default: 0, which stands for that of host.json,
    /// <c>concurrency</c>; 1 where that says nothing.</summary>
    public int Concurrency { get; set; }

    /// <summary>Keeps messages of one key in order while those of others run beside them: <c>topic</c>, <c>correlation-id</c>, or <c>header:NAME</c>.
    /// Default: null, no order beyond <see cref="Concurrency"/> 1.</summary>
    public string? PartitionKey { get; set; }

    /// <summary>How long the function may take for one message, as hours, minutes and seconds; then it is cancelled, and that counts as an error.
    /// <c>-1</c> for no limit but the host's. Default: null, that of host.json.</summary>
    public string? Timeout { get; set; }

    /// <summary>A function at work on one message for longer is named in the log. <c>-1</c> for never. Default: null, that of host.json; a minute where that
    /// says nothing.</summary>
    public string? LongRunningAfter { get; set; }

    /// <summary>Whether each message is acknowledged before it is handled, at most once: <c>true</c> or <c>false</c>. Default: null, that of host.json;
    /// <c>false</c> where that says nothing.</summary>
    public string? AutoAck { get; set; }

    /// <summary>What is done when the function fails: <c>Retry</c>, <c>Requeue</c>, <c>DeadLetter</c> or <c>Discard</c>. Default: null, that of host.json;
    /// <c>Retry</c> where that says nothing.</summary>
    public string? OnError { get; set; }

    /// <summary>The delays before the second attempt, the third and so on, as hours, minutes and seconds with commas between them; the last one repeats.
    /// Default: null, those of host.json; 1, 5 and 25 seconds where that says nothing.</summary>
    public string? RetryDelays { get; set; }

    /// <summary>How often a message is handled before it is parked, the first time included; 2147483647 for no limit. Default: 0, which stands for that of
    /// host.json; 5 where that says nothing.</summary>
    public int MaxAttempts { get; set; }

    /// <summary>How often the broker may get a message of a quorum queue back unsettled and deliver it again; 2147483647 for no limit. Default: 0, which
    /// stands for that of host.json; 10 where that says nothing.</summary>
    public int MaxRedeliveries { get; set; }

    /// <summary>For scaling: how many waiting messages are work for one instance. Default: 0, which stands for that of host.json; 100 where that says
    /// nothing.</summary>
    public int MessagesPerInstance { get; set; }

    /// <summary>The topics, or patterns of topics, that the queue gets, commas between them: the queue is made, durable, and bound to <see cref="Exchange"/>.
    /// Default: null, the queue is there already and somebody else's.</summary>
    public string? Topics { get; set; }

    /// <summary>The exchange of <see cref="Topics"/>; <c>%NAME%</c> in it stands for a setting. Default: null, <c>amq.topic</c>.</summary>
    public string? Exchange { get; set; }

    /// <summary>The header that carries the topic. Default: null, <c>Micro-Topic</c>.</summary>
    public string? TopicHeader { get; set; }

    /// <summary>What is done about what must exist on the broker: <c>Declare</c>, <c>Verify</c> or <c>None</c>. Default: null, the setting
    /// <c>RABBITTOPICS_TOPOLOGY</c>; <c>Declare</c> where that is not set. It holds for all triggers of one broker: one that says something else is refused.</summary>
    public string? TopologyMode { get; set; }

    /// <summary>The queue and its bindings as RabbitTopics.Functions writes them. Default: null, what <see cref="Topics"/> says.</summary>
    public string? Topology { get; set; }

    /// <summary>What RabbitTopics.Functions found to be wrong with the function, whose messages then stay in their queue. Default: null, nothing.</summary>
    public string? Problem { get; set; }
}
