using Microsoft.Azure.Functions.Worker;
using RabbitTopics.Connection;

namespace RabbitTopics.StandaloneWorker.Triggers.RabbitMQ;

/// <summary>Finds the broker of a RabbitMQ binding.</summary>
internal static class RabbitMQBinding
{
    /// <summary>The setting that a trigger names.</summary>
    public static string ConnectionSetting(RabbitMQTriggerAttribute attribute, RabbitTopicsOptions app) =>
        ConnectionSetting(attribute.ConnectionStringSetting, attribute.HostName, app);

    /// <summary>The broker that an output names.</summary>
    public static Broker Broker(Brokers brokers, RabbitMQOutputAttribute attribute, RabbitTopicsOptions app) =>
        brokers.Get(ConnectionSetting(attribute.ConnectionStringSetting, attribute.HostName, app));

    private static string ConnectionSetting(string? connectionStringSetting, string? hostName, RabbitTopicsOptions app) =>
        string.IsNullOrEmpty(hostName)
            ? string.IsNullOrEmpty(connectionStringSetting) ? app.ConnectionStringSetting : connectionStringSetting
            : throw new NotSupportedException(
                "HostName in a RabbitMQ binding is not supported: a URI says all of it. Put it in a setting and name that with ConnectionStringSetting.");
}
