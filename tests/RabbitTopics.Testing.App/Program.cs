using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Functions;
using RabbitTopics.Testing.App;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.UseMiddleware<Noting>();
builder.Services.AddSingleton<IStock, Stock>();
builder.Services.AddHostedService<Greeter>();
builder.Build().Run();
