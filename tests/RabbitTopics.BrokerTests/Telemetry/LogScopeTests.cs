using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Telemetry;

/// <summary>What the log lines of an app that hosts itself have in their scope.</summary>
public sealed class LogScopeTests(SharedBroker broker)
{
    private readonly string _run = $"scope-{Guid.NewGuid():N}";

    [Fact]
    public async Task A_line_of_a_function_has_its_invocation_its_message_and_its_span_in_scope_and_that_of_its_failure_the_message()
    {
        using var spans = new Spans();
        using var log = new ScopedLog();
        using var app = await TracedFunctions.StartAsync(broker.Uri, _run, services => services.AddSingleton<ILoggerProvider>(log), "First", "Second");
        await using var connection = await Client.ConnectAsync(broker.Uri);
        await using var channel = await connection.CreateChannelAsync();
        await Client.WaitForConsumersAsync(broker.Uri, $"{_run}.First");
        await Client.WaitForConsumersAsync(broker.Uri, $"{_run}.Second");
        await channel.BasicPublishAsync("amq.topic", $"{_run}.first", mandatory: true, new BasicProperties { MessageId = "m-1" }, "text"u8.ToArray());

        var attempts = await spans.WaitAsync($"process amq.topic:{_run}.first", 2);
        await app.StopAsync();
        foreach (var suffix in new[] { "", ".dead", ".retry.100", ".retry.1000", ".retry.5000", ".retry.25000" })
        {
            await channel.QueueDeleteAsync($"{_run}.First{suffix}");
            await channel.QueueDeleteAsync($"{_run}.Second{suffix}");
        }

        var lines = log.Of("At work.");
        Assert.Equal(2, lines.Count);
        for (var index = 0; index < 2; index++)
        {
            var scope = lines[index];
            Assert.Equal(("First", $"{_run}.First", $"{_run}.first", "m-1", index + 1),
                (scope["AzureFunctions_FunctionName"], scope["Queue"], scope["Topic"], scope["MessageId"], scope["Attempt"]));
            Assert.Equal((attempts[index].GetTagItem("faas.invocation_id"), attempts[index].TraceId.ToString(), attempts[index].SpanId.ToString()),
                (scope["AzureFunctions_InvocationId"], scope["TraceId"], scope["SpanId"]));
        }

        var failure = Assert.Single(log.Of("was not handled"));
        Assert.Equal(("m-1", attempts[0].TraceId.ToString()), (failure["MessageId"], failure["TraceId"]));
    }

    /// <summary>Keeps what is in scope at each line.</summary>
    private sealed class ScopedLog : ILoggerProvider, ILogger, ISupportExternalScope
    {
        private readonly ConcurrentQueue<(string Line, Dictionary<string, object?> Scope)> _lines = new();
        private IExternalScopeProvider? _scopes;

        public IReadOnlyList<Dictionary<string, object?>> Of(string text) =>
            [.. _lines.Where(line => line.Line.Contains(text, StringComparison.Ordinal)).Select(line => line.Scope)];

        public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var found = new Dictionary<string, object?>();
            _scopes!.ForEachScope(static (scope, found) =>
            {
                foreach (var (name, value) in scope as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
                {
                    found[name] = value;
                }
            }, found);
            _lines.Enqueue((formatter(state, exception), found));
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
