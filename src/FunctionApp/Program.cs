using System.Text.Json;
using FunctionApp;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RabbitTopics.Functions;

var builder = FunctionsApplication.CreateBuilder(args);
builder.UseRabbitTopics();
builder.Services.Configure<JsonSerializerOptions>(json => json.TypeInfoResolverChain.Add(AppJson.Default));
builder.Build().Run();
