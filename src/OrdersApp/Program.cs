using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OrdersApp;
using RabbitTopics;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.Services.AddSingleton<IBank, DemoBank>();
builder.Services.AddSingleton<OrderBook>();
if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
{
    builder.Services.AddOpenTelemetry()
        .WithTracing(tracing => tracing.AddSource(RabbitTopicsTelemetry.ActivitySourceName))
        .WithMetrics(metrics => metrics.AddMeter(RabbitTopicsTelemetry.MeterName))
        .UseOtlpExporter();
}

builder.Build().Run();
