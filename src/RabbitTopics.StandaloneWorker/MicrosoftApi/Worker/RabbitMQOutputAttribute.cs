using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Sends the function's result, or a property of it, to a RabbitMQ queue by way of the default exchange.</summary>
public sealed class RabbitMQOutputAttribute : OutputBindingAttribute
{
    /// <summary>Names no queue yet: set <see cref="QueueName"/>.</summary>
    public RabbitMQOutputAttribute()
    {
    }

    /// <summary>The queue; <c>%NAME%</c> in it stands for a setting.</summary>
    public string? QueueName { get; set; }

    /// <summary>The name of the setting that holds the broker's AMQP URI.</summary>
    public string? ConnectionStringSetting { get; set; }

    /// <summary>The broker's host, where no URI is given. The standalone worker takes a URI only.</summary>
    public string? HostName { get; set; }

    /// <summary>The user, where no URI is given.</summary>
    public string? UserName { get; set; }

    /// <summary>The password, where no URI is given.</summary>
    public string? Password { get; set; }

    /// <summary>The broker's port, where no URI is given; 0 stands for the protocol's own.</summary>
    public int Port { get; set; }

    /// <summary>Whether the broker's TLS certificate is taken unchecked. False by default.</summary>
    public bool DisableCertificateValidation { get; set; }
}
