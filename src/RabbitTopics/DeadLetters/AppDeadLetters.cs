using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Brokers;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.DeadLetters;

/// <summary>The dead letters on the app's brokers.</summary>
internal sealed class AppDeadLetters(AppBrokers brokers, AppTopology topology, IOptions<RabbitTopicsOptions> app, TimeProvider time) : IDeadLetters
{
    public IReadOnlyList<string> Queues =>
        [.. topology.QueuesOn(app.Value.ConnectionStringSetting).Select(queue => DeadLetterQueue.Name(queue.Queue))];

    public async Task<DeadLetterSummary> GoThroughAsync(string queue, Func<DeadLetter, DeadLetterAction> decide, DeadLetterOptions? options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(queue);
        ArgumentNullException.ThrowIfNull(decide);
        options ??= new DeadLetterOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Most, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostInFlight, 1);
        if (!(options.PerSecond > 0))
        {
            throw new ArgumentOutOfRangeException(nameof(options), options.PerSecond, "PerSecond is to be more than zero.");
        }

        Exception? ofApp = null;
        var broker = brokers.Get(options.ConnectionStringSetting ?? app.Value.ConnectionStringSetting);
        var connection = await broker.Consuming.GetOpenAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken); // Closed, it returns what was kept.
        try
        {
            var known = await channel.QueueDeclarePassiveAsync(queue, cancellationToken);
            var pass = new DeadLetterPass(broker, channel, queue, app.Value.TopicHeader, app.Value.PublishTimeout, options, time);
            return await pass.RunAsync(known.MessageCount, Decide, cancellationToken);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { ReplyCode: Constants.NotFound or Constants.AccessRefused or Constants.ResourceLocked } reason)
        {
            throw new InvalidOperationException($"The queue '{queue}' at {broker.Endpoint} cannot be gone through: {AccessRefusal.Describe(reason)}", exception);
        }
        catch (Exception exception) when (exception != ofApp && !cancellationToken.IsCancellationRequested && BrokerFault.Is(exception))
        {
            throw new BrokerUnavailableException("", queue, $"{BrokerFault.Reason(exception).TrimEnd('.')}. What was not put back, moved or deleted is still there.", exception);
        }

        DeadLetterAction Decide(DeadLetter letter)
        {
            try
            {
                return decide(letter);
            }
            catch (Exception exception)
            {
                ofApp = exception;
                throw;
            }
        }
    }
}
