using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for each message of a RabbitMQ queue. Has the names and members of the attribute in Microsoft's package
/// Microsoft.Azure.Functions.Worker.Extensions.RabbitMQ 2.1.0.</summary>
public sealed class RabbitMQTriggerAttribute : TriggerBindingAttribute
{
    /// <summary>Takes the messages of a queue.</summary>
    /// <param name="queueName">The queue; <c>%NAME%</c> in it stands for a setting.</param>
    public RabbitMQTriggerAttribute(string queueName) => QueueName = queueName;

    /// <summary>Takes the messages of a queue of a broker that is given part by part.</summary>
    /// <param name="hostName">See <see cref="HostName"/>.</param>
    /// <param name="userNameSetting">See <see cref="UserNameSetting"/>.</param>
    /// <param name="passwordSetting">See <see cref="PasswordSetting"/>.</param>
    /// <param name="port">See <see cref="Port"/>.</param>
    /// <param name="queueName">The queue; <c>%NAME%</c> in it stands for a setting.</param>
    public RabbitMQTriggerAttribute(string hostName, string userNameSetting, string passwordSetting, int port, string queueName)
        : this(queueName)
    {
        HostName = hostName;
        UserNameSetting = userNameSetting;
        PasswordSetting = passwordSetting;
        Port = port;
    }

    /// <summary>The name of the setting that holds the broker's AMQP URI. Where it is given the parts below are not
    /// looked at. Default: that of the app, <c>RabbitMQ</c>, if <see cref="HostName"/> is not given either.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>The broker's host, where no URI is given; <c>%NAME%</c> in it stands for a setting.</summary>
    public string? HostName { get; set; }

    /// <summary>The queue.</summary>
    public string QueueName { get; }

    /// <summary>The name of the setting that holds the user, where no URI is given. Default: the user is <c>guest</c>.</summary>
    public string? UserNameSetting { get; set; }

    /// <summary>The name of the setting that holds the password, where no URI is given. Default: it is <c>guest</c>.</summary>
    public string? PasswordSetting { get; set; }

    /// <summary>The broker's port, where no URI is given; 5671 is that of TLS (amqps). Default: 0, which stands for 5672.</summary>
    public int Port { get; set; }

    /// <summary>Whether the broker's TLS certificate is taken unchecked. Default: false.</summary>
    public bool DisableCertificateValidation { get; set; }
}
