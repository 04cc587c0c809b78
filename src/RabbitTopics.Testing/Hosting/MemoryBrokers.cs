using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Publishing;
using RabbitTopics.Topology;

namespace RabbitTopics.Testing.Hosting;

/// <summary>Brokers that keep what is published to them; any setting names one.</summary>
internal sealed class MemoryBrokers : AppBrokers
{
    /// <summary>Nothing connects to it.</summary>
    public const string Uri = "amqp://in-memory";

    private readonly Recorder _published = new();
    private readonly Recorder _copies = new();

    public MemoryBrokers(IConfiguration configuration, AppTopology topology, IOptions<RabbitTopicsOptions> options, ILoggerFactory loggers)
        : base(configuration, topology, options, loggers)
    {
    }

    /// <summary>What the app published.</summary>
    public ConcurrentQueue<Publish> Published => _published.Messages;

    /// <summary>The copies of messages that settling made: for another attempt, or parked.</summary>
    public ConcurrentQueue<Publish> Copies => _copies.Messages;

    /// <summary>Is asked before a message of the app is published; what it throws is what publishing throws.</summary>
    public Action<Publish>? OnPublish { set => _published.OnPublish = value; }

    protected override Broker Make(string settingName, TopologyMode mode) =>
        new(BrokerEndpoint.Parse(settingName, Uri), _published, _copies, NullLogger.Instance);

    private sealed class Recorder : MessagePublisher
    {
        public ConcurrentQueue<Publish> Messages { get; } = new();

        public Action<Publish>? OnPublish { get; set; }

        public override Task PublishAsync(Publish publish, CancellationToken cancellationToken)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                OnPublish?.Invoke(publish);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return Task.FromCanceled(cancellationToken);
            }
            catch (Exception exception)
            {
                return Task.FromException(exception);
            }

            Messages.Enqueue(publish);
            return Task.CompletedTask;
        }

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
