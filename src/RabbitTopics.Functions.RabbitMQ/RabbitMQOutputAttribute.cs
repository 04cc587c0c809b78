using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Sends the function's result, or a property of it, to a RabbitMQ queue by way of the default exchange. Has the names and
/// members of the attribute in Microsoft's package Microsoft.Azure.Functions.Worker.Extensions.RabbitMQ 2.1.0.</summary>
public sealed class RabbitMQOutputAttribute : OutputBindingAttribute
{
    /// <summary>Names no queue yet: set <see cref="QueueName"/>.</summary>
    public RabbitMQOutputAttribute()
    {
    }

    /// <summary>The queue; <c>%NAME%</c> in it stands for a setting. Must be set.</summary>
    public string? QueueName { get; set; }

    /// <summary>The name of the setting that holds the broker's AMQP URI. Where it is given the parts below are not
    /// looked at. Default: that of the app, <c>RabbitMQ</c>, if <see cref="HostName"/> is not given either.</summary>
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
