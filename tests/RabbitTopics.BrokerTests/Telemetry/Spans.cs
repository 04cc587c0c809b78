using System.Collections.ObjectModel;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;
using RabbitTopics.TestSupport;

namespace RabbitTopics.BrokerTests.Telemetry;

/// <summary>The spans of this process while a test runs, taken by OpenTelemetry's exporter. Other tests have theirs at the same time.</summary>
internal sealed class Spans : IDisposable
{
    private readonly SynchronizedCollection _exported = new();
    private readonly TracerProvider _provider;

    /// <summary>Begins to take them.</summary>
    /// <param name="sources">The sources; that of this library in any case.</param>
    public Spans(params string[] sources) =>
        _provider = Sdk.CreateTracerProviderBuilder().AddSource([RabbitTopicsTelemetry.ActivitySourceName, .. sources]).AddInMemoryExporter(_exported).Build();

    /// <summary>Those whose destination or name has a text in it, the earliest first.</summary>
    public IReadOnlyList<Activity> Of(string text) => [.. _exported.Take()
        .Where(span => span.DisplayName.Contains(text, StringComparison.Ordinal))
        .OrderBy(span => span.StartTimeUtc)];

    /// <summary>Waits until there are so many, and gives them.</summary>
    public async Task<IReadOnlyList<Activity>> WaitAsync(string text, int count)
    {
        await Wait.UntilAsync(() => Of(text).Count >= count, $"{count} span(s) of '{text}'");
        return Of(text);
    }

    /// <summary>The span of an id.</summary>
    public Activity? Find(ActivitySpanId id) => _exported.Take().FirstOrDefault(span => span.SpanId == id);

    public void Dispose() => _provider.Dispose();

    /// <summary>The exporter adds to it on any thread.</summary>
    private sealed class SynchronizedCollection : Collection<Activity>
    {
        private readonly Lock _gate = new();

        public List<Activity> Take()
        {
            lock (_gate)
            {
                return [.. this];
            }
        }

        protected override void InsertItem(int index, Activity item)
        {
            lock (_gate)
            {
                base.InsertItem(Count, item); // The index is of before the lock.
            }
        }
    }
}
