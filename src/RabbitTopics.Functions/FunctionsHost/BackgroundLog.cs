using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Writes what the library has to say outside of invocations to standard error, which Microsoft's host reads: of what a worker logs it
/// keeps only what belongs to an invocation at work (azure-functions-host, GrpcWorkerChannel.Log). It takes the level from words of the
/// line.</summary>
internal sealed class BackgroundLog(TextWriter output) : ILoggerProvider, ISupportExternalScope
{
    private const string InvocationScope = "AzureFunctions_InvocationId"; // Of Microsoft's worker.

    private IExternalScopeProvider? _scopes;

    private bool IsInInvocation
    {
        get
        {
            var found = new StrongBox<bool>();
            _scopes?.ForEachScope(static (scope, found) =>
                found.Value |= scope is IEnumerable<KeyValuePair<string, object>> entries && entries.Any(entry => entry.Key == InvocationScope), found);
            return found.Value;
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
    }

    private void Write(string line) => output.WriteLine(line.ReplaceLineEndings(" "));

    private static string LevelWord(LogLevel level) => level switch
    {
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        _ => "error",
    };

    private sealed class Logger(BackgroundLog log, string category) : ILogger
    {
        private readonly bool _isOurs = category.StartsWith("RabbitTopics.", StringComparison.Ordinal);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => _isOurs && logLevel is >= LogLevel.Information and not LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel) && !log.IsInInvocation)
            {
                log.Write($"{LevelWord(logLevel)}: {category}: {formatter(state, exception)}");
            }
        }
    }
}
