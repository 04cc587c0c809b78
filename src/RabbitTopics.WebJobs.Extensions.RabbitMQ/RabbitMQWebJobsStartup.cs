using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Hosting;
using Microsoft.Extensions.Hosting;
using RabbitTopics.WebJobs;

[assembly: WebJobsStartup(typeof(RabbitMQWebJobsStartup), "RabbitMQ")]

namespace RabbitTopics.WebJobs;

/// <summary>Adds the extension to a Functions host, which finds it by the attribute of its assembly.</summary>
public sealed class RabbitMQWebJobsStartup : IWebJobsStartup
{
    /// <inheritdoc/>
    public void Configure(IWebJobsBuilder builder) => builder.AddRabbitMQ();
}
