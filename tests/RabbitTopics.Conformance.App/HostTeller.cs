using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace RabbitTopics.Conformance.App;

/// <summary>Tells the suite which host the app runs on, where it wants to know: in the queue <c>RUN.host</c>.</summary>
internal sealed class HostTeller(ITopicPublisher publisher, IConfiguration configuration) : BackgroundService
{
    private string Host => configuration["Functions:Worker:HostEndpoint"] is not { Length: > 0 } ? "itself"
        : typeof(RabbitMQTriggerAttribute).Assembly.GetName().Name == "RabbitTopics.Functions.RabbitMQ" ? "functions host, our extension"
        : "functions host, Microsoft's extension";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await publisher.PublishAsync($"{configuration["CONFORMANCE_RUN"]}.host", Host, new PublishOptions { Exchange = "", Timeout = TimeSpan.FromMinutes(10) }, stoppingToken);
        }
        catch (Exception exception) when (exception is TopicPublishException or OperationCanceledException)
        {
            // No such queue, or no broker: nobody asks.
        }
    }
}
