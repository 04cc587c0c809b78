using System.Runtime.ExceptionServices;
using RabbitMQ.Client;
using RabbitTopics.Brokers;

namespace RabbitTopics.DeadLetters;

/// <summary>Goes through a queue once. One message after the other is got, as one that is kept must wait for nothing; what is published is confirmed side by side, and
/// acknowledged in order.</summary>
internal sealed class DeadLetterPass(Broker broker, IChannel channel, string queue, string topicHeader, TimeSpan publishTimeout, DeadLetterOptions options, TimeProvider time)
{
    private readonly Queue<(ulong Tag, Task Publish)> _inFlight = new();

    /// <param name="count">How many messages the queue had, as the broker said. A quorum queue whose leader is slow to answer says none; then the first message
    /// tells how many follow it.</param>
    /// <param name="decide">Says what becomes of each.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<DeadLetterSummary> RunAsync(uint count, Func<DeadLetter, DeadLetterAction> decide, CancellationToken cancellationToken)
    {
        var summary = new DeadLetterSummary(0, 0, 0, 0);
        var start = time.GetTimestamp();
        try
        {
            while (summary.Seen < options.Most && (summary.Seen == 0 || summary.Seen < count))
            {
                cancellationToken.ThrowIfCancellationRequested();
                await AcknowledgeAsync(options.MostInFlight - 1);
                if (await channel.BasicGetAsync(queue, autoAck: false, CancellationToken.None) is not { } got)
                {
                    break; // Somebody else has taken the rest.
                }

                count = count == 0 ? got.MessageCount + 1 : count;
                var letter = ParkedMessage.Read(queue, got, topicHeader);
                var action = decide(letter);
                await PerformAsync(got, letter, options.DryRun ? DeadLetterAction.Keep : action);
                summary = summary with
                {
                    Seen = summary.Seen + 1,
                    Replayed = summary.Replayed + (action.Action is DeadLetterAction.Kind.Replay or DeadLetterAction.Kind.ReplayToExchange ? 1 : 0),
                    Moved = summary.Moved + (action.Action == DeadLetterAction.Kind.Move ? 1 : 0),
                    Deleted = summary.Deleted + (action.Action == DeadLetterAction.Kind.Delete ? 1 : 0),
                };
                options.Progress?.Report(summary);
                await WaitAsync(start, options.DryRun ? 0 : summary.Seen - summary.Kept, cancellationToken);
            }
        }
        finally
        {
            await AcknowledgeAsync(0);
        }

        return summary;
    }

    /// <summary>Acknowledges those in front that are confirmed, and waits where more are left than may be.</summary>
    private async Task AcknowledgeAsync(int mostLeft)
    {
        Exception? failure = null;
        while (_inFlight.TryPeek(out var first) && (first.Publish.IsCompleted || _inFlight.Count > mostLeft || failure is not null))
        {
            _inFlight.Dequeue();
            try
            {
                await first.Publish;
                await channel.BasicAckAsync(first.Tag, multiple: false, CancellationToken.None);
            }
            catch (Exception exception)
            {
                failure ??= exception; // Those behind it may be confirmed.
            }
        }

        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    private async Task PerformAsync(BasicGetResult got, DeadLetter letter, DeadLetterAction action)
    {
        switch (action.Action)
        {
            case DeadLetterAction.Kind.Delete:
                await channel.BasicAckAsync(got.DeliveryTag, multiple: false, CancellationToken.None);
                break;

            case DeadLetterAction.Kind.Replay:
                Publish(broker.Copies, "", ParkedMessage.QueueOf(letter), ParkedMessage.ForItsQueue(got));
                break;

            case DeadLetterAction.Kind.ReplayToExchange:
                var (exchange, routingKey) = ParkedMessage.OriginOf(letter);
                Publish(broker.Publisher, exchange, routingKey, ParkedMessage.AsPublished(letter.Message));
                break;

            case DeadLetterAction.Kind.Move:
                Publish(broker.Copies, "", action.Target!, ParkedMessage.Copy(got));
                break;

            case DeadLetterAction.Kind.Keep when ParkedMessage.WasReturned(got):
                Publish(broker.Copies, "", queue, ParkedMessage.Copy(got));
                break;
        }

        void Publish(Publishing.MessagePublisher publisher, string target, string key, BasicProperties properties) =>
            _inFlight.Enqueue((got.DeliveryTag, publisher.PublishAsync(target, key, properties, got.Body, publishTimeout, CancellationToken.None)));
    }

    private async Task WaitAsync(long start, int done, CancellationToken cancellationToken)
    {
        var due = done / options.PerSecond;
        if (due - time.GetElapsedTime(start).TotalSeconds is > 0 and var early)
        {
            await AcknowledgeAsync(0); // What is done must not wait.
            await Task.Delay(TimeSpan.FromSeconds(early), time, cancellationToken);
        }
    }
}
