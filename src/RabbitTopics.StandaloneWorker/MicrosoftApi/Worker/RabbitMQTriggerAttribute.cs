using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs the function for each message of a RabbitMQ queue.</summary>
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

    /// <summary>The name of the setting that holds the broker's AMQP URI.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>The broker's host, where no URI is given. The standalone worker takes a URI only.</summary>
    public string? HostName { get; set; }

    /// <summary>The queue.</summary>
    public string QueueName { get; }

    /// <summary>The name of the setting that holds the user, where no URI is given.</summary>
    public string? UserNameSetting { get; set; }

    /// <summary>The name of the setting that holds the password, where no URI is given.</summary>
    public string? PasswordSetting { get; set; }

    /// <summary>The broker's port, where no URI is given; 0 stands for the protocol's own.</summary>
    public int Port { get; set; }

    /// <summary>Whether the broker's TLS certificate is taken unchecked. False by default.</summary>
    public bool DisableCertificateValidation { get; set; }
}
