using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.Testing.App;

/// <summary>What a test replaces.</summary>
public interface IStock
{
    /// <summary>Takes an article out of the stock.</summary>
    Task TakeAsync(string article);
}

/// <summary>The real one, which no test has.</summary>
internal sealed class Stock : IStock
{
    public Task TakeAsync(string article) => throw new InvalidOperationException("The warehouse is closed.");
}

/// <summary>A middleware of the app's own.</summary>
internal sealed class Noting(ILogger<Noting> logger) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        logger.LogInformation("Before {Function}", context.FunctionDefinition.Name);
        await next(context);
    }
}

/// <summary>A hosted service of the app's own.</summary>
internal sealed class Greeter(ILogger<Greeter> logger) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        logger.LogInformation("Hello");
        return Task.CompletedTask;
    }
}
