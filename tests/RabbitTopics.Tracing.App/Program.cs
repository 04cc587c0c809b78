using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Trace;
using RabbitMQ.Client;
using RabbitTopics;
using RabbitTopics.Functions;
using RabbitTopics.Tracing.App;

// Whose spans are taken: "ours", "client", "worker".
var sources = (Environment.GetEnvironmentVariable("SPANS_OF") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries);

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
if (sources.Length > 0)
{
    var telemetry = builder.Services.AddOpenTelemetry().WithTracing(tracing =>
    {
        tracing.AddProcessor(_ => new SimpleActivityExportProcessor(new PrintingExporter()));
        if (sources.Contains("ours"))
        {
            tracing.AddSource(RabbitTopicsTelemetry.ActivitySourceName);
        }

        if (sources.Contains("client"))
        {
            tracing.AddSource(RabbitMQActivitySource.PublisherSourceName, RabbitMQActivitySource.SubscriberSourceName);
        }
    });
    if (sources.Contains("worker"))
    {
        telemetry.UseFunctionsWorkerDefaults();
    }
}

builder.Build().Run();
