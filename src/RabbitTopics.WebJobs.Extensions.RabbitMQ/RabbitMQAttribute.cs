using Microsoft.Azure.WebJobs.Description;

namespace Microsoft.Azure.WebJobs;

/// <summary>Publishes what the function returns or adds to a collector: persistent, and confirmed by the broker before the invocation counts as done. In a
/// function.json or functions.metadata it is the binding of type <c>rabbitMQ</c>, whose entries have the names of the properties here. Has the members of
/// Microsoft's attribute of the name, and more.</summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.ReturnValue)]
[Binding]
public sealed class RabbitMQAttribute : Attribute
{
    /// <summary>The queue, which the message goes to by way of the default exchange; <c>%NAME%</c> in it stands for a setting, <c>{NAME}</c> for binding data.
    /// Not looked at where <see cref="RoutingKey"/> is set.</summary>
    [AutoResolve]
    public string? QueueName { get; set; }

    /// <summary>The exchange, likewise; not looked at where <see cref="RoutingKey"/> is not set. Default: null, <c>amq.topic</c>.</summary>
    [AutoResolve]
    public string? Exchange { get; set; }

    /// <summary>The routing key, the topic, likewise. Default: null, the message goes to <see cref="QueueName"/>.</summary>
    [AutoResolve]
    public string? RoutingKey { get; set; }

    /// <summary>Whether a message that reaches no queue may be dropped; else it is an error. Default: false.</summary>
    public bool MayBeUnroutable { get; set; }

    /// <summary>Whether a message is a JSON object with its <c>body</c> (or <c>bodyBase64</c>) and beside it, where it has them, <c>routingKey</c>,
    /// <c>headers</c> and <c>properties</c>. Default: false, it is the body.</summary>
    public bool Envelope { get; set; }

    /// <summary>The name of the setting that holds the broker's AMQP URI. Where it is given the parts below are not
    /// looked at. Default: <c>RabbitMQ</c>, if <see cref="HostName"/> is not given either.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>The broker's host, where no URI is given; <c>%NAME%</c> in it stands for a setting.</summary>
    public string? HostName { get; set; }

    /// <summary>The name of the setting that holds the user, where no URI is given. Default: the user is <c>guest</c>.</summary>
    public string? UserName { get; set; }

    /// <summary>The name of the setting that holds the password, where no URI is given. Default: it is <c>guest</c>.</summary>
    public string? Password { get; set; }

    /// <summary>The broker's port, where no URI is given; 5671 is that of TLS (amqps). Default: 0, which stands for 5672.</summary>
    public int Port { get; set; }

    /// <summary>Whether the broker's TLS certificate is taken unchecked. Default: false.</summary>
    public bool DisableCertificateValidation { get; set; }
}
