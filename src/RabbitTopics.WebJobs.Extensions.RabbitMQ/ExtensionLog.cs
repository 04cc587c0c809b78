using Microsoft.Azure.WebJobs.Logging;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.WebJobs;

/// <summary>Logs everything of the library under the one category that a Functions host lets through.</summary>
internal sealed class ExtensionLog(ILoggerFactory loggers) : ILoggerFactory
{
    private static readonly string Category = LogCategories.CreateTriggerCategory("RabbitMQ");

    public ILogger CreateLogger(string categoryName) => loggers.CreateLogger(Category);

    public void AddProvider(ILoggerProvider provider) => loggers.AddProvider(provider);

    public void Dispose()
    {
        // The factory is the host's.
    }
}
