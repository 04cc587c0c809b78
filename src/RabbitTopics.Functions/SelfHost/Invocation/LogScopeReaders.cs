using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Logging.Debug;
using Microsoft.Extensions.Logging.EventSource;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>Tells whether anything that is logged to shows scopes. The console does not unless it is told to, and a scope costs a tenth of
/// an invocation.</summary>
internal sealed class LogScopeReaders(
    ILoggerFactory factory,
    IEnumerable<ILoggerProvider> providers,
    IOptions<SimpleConsoleFormatterOptions> simple,
    IOptions<JsonConsoleFormatterOptions> json,
    IOptions<ConsoleFormatterOptions> systemd,
    IOptions<ConsoleLoggerOptions> console)
{
    /// <summary>Whether there is one, or may be one.</summary>
    public bool Any => factory is not LoggerFactory || providers.Any(Reads);

    private bool Reads(ILoggerProvider provider) => provider switch
    {
        DebugLoggerProvider or EventSourceLoggerProvider => false,
        ConsoleLoggerProvider => console.Value.FormatterName is not (null or ConsoleFormatterNames.Simple or ConsoleFormatterNames.Json or ConsoleFormatterNames.Systemd)
            || simple.Value.IncludeScopes || json.Value.IncludeScopes || systemd.Value.IncludeScopes,
        _ => true,
    };
}
