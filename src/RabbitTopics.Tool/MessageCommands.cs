using System.CommandLine;
using System.Globalization;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Messages;

namespace RabbitTopics.Tool;

/// <summary>The commands that publish a message and that watch those of others.</summary>
internal static class MessageCommands
{
    private const ushort Prefetch = 100;

    public static Command Publish()
    {
        var topic = new Argument<string>("TOPIC") { Description = "The topic: orders.created." };
        var body = new Option<string>("--body") { Description = "The body; standard input without it." };
        var contentType = new Option<string>("--content-type") { Description = "The type of the body.", DefaultValueFactory = _ => "application/json" };
        var exchange = Exchange();
        var delay = Times.Option("--delay", "How long the broker keeps it first: 00:01:00.");
        var command = new Command("publish", "Publishes a message, and waits until the broker has routed it to a queue.") { topic, body, contentType, exchange, delay };
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, async session =>
        {
            var text = parsed.GetValue(body) ?? await Console.In.ReadToEndAsync(cancellationToken);
            await session.Publisher.PublishAsync(parsed.GetValue(topic)!, text, new PublishOptions
            {
                Exchange = parsed.GetValue(exchange),
                Delay = parsed.GetValue(delay),
                Properties = new MessageProperties { ContentType = parsed.GetValue(contentType) },
            }, cancellationToken);
            Console.WriteLine($"Published to '{parsed.GetValue(topic)}'.");
            return 0;
        }, cancellationToken));
        return command;
    }

    public static Command Tail()
    {
        var pattern = new Argument<string>("PATTERN") { Description = "A pattern of topics: orders.*, #." };
        var exchange = Exchange();
        var most = new Option<int?>("--most") { Description = "Ends after so many; else with Ctrl-C." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each message, in a line, with its headers." };
        var command = new Command("tail", "Shows what is published from now on. It has a queue of its own, which ends with it, and takes nothing from anybody.") { pattern, exchange, most, json };
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, session =>
            TailAsync(session, parsed.GetValue(exchange)!, parsed.GetValue(pattern)!, parsed.GetValue(most) ?? int.MaxValue, parsed.GetValue(json), cancellationToken), cancellationToken));
        return command;
    }

    private static Option<string> Exchange() => new("--exchange") { Description = "The exchange.", DefaultValueFactory = _ => new RabbitTopicsOptions().Exchange };

    private static async Task<int> TailAsync(Session session, string exchange, string pattern, int most, bool json, CancellationToken cancellationToken)
    {
        var connection = await session.Broker.Consuming.GetOpenAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var ended = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            var queue = await channel.QueueDeclareAsync(cancellationToken: cancellationToken); // The broker's name, exclusive, gone with the connection.
            await channel.QueueBindAsync(queue.QueueName, exchange, pattern, cancellationToken: cancellationToken);
            await channel.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
            var consumer = new AsyncEventingBasicConsumer(channel);
            var seen = 0;
            consumer.ReceivedAsync += async (_, delivery) =>
            {
                if (seen++ < most)
                {
                    Write(delivery, session.Options.TopicHeader, json);
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
                }

                if (seen >= most)
                {
                    ended.TrySetResult(null);
                }
            };
            channel.ChannelShutdownAsync += (_, reason) =>
            {
                ended.TrySetResult(reason.ReplyText);
                return Task.CompletedTask;
            };
            await channel.BasicConsumeAsync(queue.QueueName, autoAck: false, consumer, cancellationToken);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason is { } reason)
        {
            throw new InvalidOperationException($"Exchange '{exchange}' at {session.Broker.Endpoint} cannot be watched: {AccessRefusal.Describe(reason)}", exception);
        }

        await Console.Error.WriteLineAsync($"Watching '{pattern}' on '{exchange}'. Ctrl-C ends it.");
        await using var stopping = cancellationToken.Register(() => ended.TrySetResult(null));
        return await ended.Task is { } lost ? throw new InvalidOperationException($"The broker ended it: {lost}") : 0;
    }

    private static void Write(BasicDeliverEventArgs delivery, string topicHeader, bool json)
    {
        var source = new DeliverySource("", "", topicHeader, static _ => throw new NotSupportedException());
        var message = new Delivery(source, delivery.Redelivered, delivery.Exchange, delivery.RoutingKey, new BasicProperties(delivery.BasicProperties), PooledBody.Copy(delivery.Body)).Message;
        Console.WriteLine(json
            ? MessageJson.Write(message)
            : $"{DateTimeOffset.Now.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)} {Terminal.Printable(message.Topic)} {Terminal.Printable(message.Id ?? "-")} {(MessageJson.Text(message.Body.Span) is { } text ? Terminal.Printable(text) : null) ?? $"{message.Body.Length} bytes"}");
    }
}
