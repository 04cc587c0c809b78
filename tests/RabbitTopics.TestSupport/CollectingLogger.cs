using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.TestSupport;

/// <summary>Keeps what is logged.</summary>
public sealed class CollectingLogger : ILogger
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Whether each call of it throws, once the line is kept.</summary>
    public bool Throws { get; set; }

    /// <summary>Waits for a line that contains a text.</summary>
    public Task WaitForAsync(string text) => Wait.UntilAsync(() => _lines.Any(line => line.Contains(text, StringComparison.Ordinal)), $"'{text}' in the log");

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        _lines.Enqueue($"{logLevel}: {formatter(state, exception)} {exception}");
        if (Throws)
        {
            throw new InvalidOperationException("This logger throws.");
        }
    }
}

/// <summary>Gives every category one logger.</summary>
internal sealed class SingleLoggerProvider(ILogger logger) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => logger;

    public void Dispose()
    {
        // Nothing is held.
    }
}
