using System.Text;
using RabbitMQ.Client;

namespace RabbitTopics.TestSupport;

/// <summary>The plain client, as the tests look at a broker with it.</summary>
public static class Client
{
    public static Task<IConnection> ConnectAsync(Uri uri) => new ConnectionFactory
    {
        Uri = uri,
        RequestedConnectionTimeout = Wait.Patience,
        HandshakeContinuationTimeout = Wait.Patience,
        ContinuationTimeout = Wait.Patience,
    }.CreateConnectionAsync();

    /// <summary>The text of a header.</summary>
    public static string HeaderText(this BasicGetResult message, string name) => Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers![name]!);

    /// <summary>Takes the next message of a queue, waiting for it.</summary>
    public static async Task<BasicGetResult> TakeAsync(this IChannel channel, string queue, TimeSpan? within = null)
    {
        BasicGetResult? message = null;
        await Wait.UntilAsync(async () => (message = await channel.BasicGetAsync(queue, autoAck: true)) is not null,
            $"a message in queue '{queue}'", within);
        return message!;
    }

    /// <summary>Takes the next message of a queue that may be being made: RabbitMQ ends the connection of one who asks a quorum queue for a
    /// message before it has a leader (541), so that each look has a connection of its own.</summary>
    public static async Task<BasicGetResult> TakeAsync(Uri uri, string queue)
    {
        BasicGetResult? message = null;
        await Wait.UntilAsync(async () =>
        {
            try
            {
                await using var connection = await ConnectAsync(uri);
                await using var channel = await connection.CreateChannelAsync();
                return (message = await channel.BasicGetAsync(queue, autoAck: true)) is not null;
            }
            catch (Exception exception) when (exception is RabbitMQ.Client.Exceptions.OperationInterruptedException or IOException or TimeoutException)
            {
                return false;
            }
        }, $"a message in queue '{queue}'");
        return message!;
    }

    /// <summary>Waits until a queue has this many consumers; a queue that does not exist yet has none.</summary>
    public static Task WaitForConsumersAsync(Uri uri, string queue, uint count = 1, TimeSpan? within = null) =>
        Wait.UntilAsync(async () =>
        {
            try
            {
                // A passive declare of a queue that is not there closes the channel, so each look has a channel of its own.
                await using var connection = await ConnectAsync(uri);
                await using var channel = await connection.CreateChannelAsync();
                return (await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount == count;
            }
            catch (Exception exception) when (exception is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException or TimeoutException)
            {
                return false;
            }
        }, $"{count} consumer(s) of queue '{queue}'", within);

    /// <summary>Whether a queue exists. Asks on a connection of its own, as the answer no closes the channel.</summary>
    public static async Task<bool> QueueExistsAsync(Uri uri, string queue)
    {
        await using var connection = await ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await channel.QueueDeclarePassiveAsync(queue);
            return true;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return false;
        }
    }

    /// <summary>Deletes a queue of a broker that may be gone, or refuse it.</summary>
    public static async Task TryDeleteQueueAsync(Uri uri, string queue)
    {
        try
        {
            await using var connection = await ConnectAsync(uri);
            await using var channel = await connection.CreateChannelAsync();
            await channel.QueueDeleteAsync(queue);
        }
        catch (Exception exception) when (exception is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException)
        {
            // There is nothing to delete, or nobody who may.
        }
    }

    /// <summary>How many messages wait in a queue. Asks on a connection of its own, as the broker may have been down.</summary>
    public static async Task<uint> CountAsync(Uri uri, string queue)
    {
        await using var connection = await ConnectAsync(uri);
        await using var channel = await connection.CreateChannelAsync();
        return await channel.MessageCountAsync(queue);
    }

    public static Task WaitForQueueAsync(Uri uri, string queue) => Wait.UntilAsync(() => QueueExistsAsync(uri, queue), $"queue '{queue}'");
}
