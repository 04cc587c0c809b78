using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.Build().Run();
