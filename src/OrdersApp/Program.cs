using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OrdersApp;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.Services.AddSingleton<IBank, DemoBank>();
builder.Services.AddSingleton<OrderBook>();
builder.Build().Run();
