using System.Globalization;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Conformance.App;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseMiddleware<StockMiddleware>();
builder.UseMiddleware(async (context, next) =>
{
    context.Items["delegate middleware"] = context.InstanceServices is not null;
    await next();
});
builder.UseRabbitTopics();
builder.UseWhen<StockChangingMiddleware>(context => context.FunctionDefinition.Name == nameof(StockFunctions.StockOrder));
builder.UseWhen(context => context.FunctionDefinition.Name != nameof(StockFunctions.StockOrder), async (context, next) =>
{
    context.Items["others only"] = true;
    await next();
});
builder.Services.Configure<StockOptions>(options => options.Greeting = "hello");
builder.Services.AddSingleton<Recorder>();
builder.Services.AddHostedService<HostTeller>();
if (Environment.GetEnvironmentVariable("CONFORMANCE_GRACE_SECONDS") is { } seconds)
{
    builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture)));
}

builder.Build().Run();
