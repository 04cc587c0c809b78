using System.Globalization;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Conformance.App;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.Services.AddSingleton<Recorder>();
builder.Services.AddHostedService<HostTeller>();
if (Environment.GetEnvironmentVariable("CONFORMANCE_GRACE_SECONDS") is { } seconds)
{
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
}

builder.Build().Run();
