using System.CommandLine;
using System.Text.RegularExpressions;
using RabbitMQ.Client.Exceptions;
using RabbitTopics.Connections;
using RabbitTopics.Topology;

namespace RabbitTopics.Tool;

/// <summary>Looks whether a broker and queues on it are as an app needs them. It changes nothing that is there.</summary>
internal static partial class DoctorCommand
{
    private const string DeliveryLimit = "x-delivery-limit";
    private const string Remedy = "An app with Topology = Declare makes it when it starts; with Verify somebody else has to (docs/settling.md).";

    public static Command Create()
    {
        var queues = new Argument<string[]>("QUEUE") { Description = "Queues of functions.", Arity = ArgumentArity.ZeroOrMore };
        var delays = Times.Options("--delays", "The delays of the error policy; those of the default one without it.", [.. new ErrorPolicy().Delays]);
        var topics = new Option<string[]>("--topic") { Description = "The patterns of topics that an app subscribes the queue to. With --management, for which of its bindings no app asks any more." };
        var exchange = new Option<string>("--exchange") { Description = "The exchange of --topic.", DefaultValueFactory = _ => new RabbitTopicsOptions().Exchange };
        var command = new Command("doctor", "Looks at the broker's version, the user's permissions, and whether queues and those beside them are as an app needs them. It changes nothing that is there.") { queues, delays, topics, exchange };
        command.Validators.Add(result =>
        {
            if (result.GetValue(topics) is { Length: > 0 } && (result.GetValue(queues) is not { Length: 1 } || result.GetValue(ManagementApi.Address) is null))
            {
                result.AddError("--topic is for one QUEUE, and needs --management, as AMQP does not tell of bindings.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, async session =>
        {
            var problems = 0;
            void Say(string? problem, string fine)
            {
                problems += problem is null ? 0 : 1;
                Console.WriteLine(problem is null ? $"ok       {fine}" : $"PROBLEM  {problem}");
            }

            async Task SayLimitAsync(string queue)
            {
                var (problem, note) = await LimitAsync(session, queue, cancellationToken);
                if (note is not null)
                {
                    Console.WriteLine($"note     {note}");
                    return;
                }

                Say(problem, $"queue '{queue}' drops nothing that is returned often");
            }

            void SayBindings(string queue, IReadOnlyList<ManagementApi.Binding> bindings)
            {
                if (parsed.GetValue(topics) is not { Length: > 0 } patterns)
                {
                    Console.WriteLine($"note     queue '{queue}' gets {(bindings.Count == 0 ? "no topic" : string.Join(", ", bindings.Select(binding => $"'{binding.RoutingKey}' of exchange '{binding.Exchange}'")))}");
                    return;
                }

                var asked = patterns.Select(pattern => new ManagementApi.Binding(parsed.GetValue(exchange)!, pattern)).ToHashSet();
                foreach (var other in bindings.Where(binding => !asked.Contains(binding)))
                {
                    if (other.Exchange != parsed.GetValue(exchange))
                    {
                        Console.WriteLine($"note     queue '{queue}' gets '{other.RoutingKey}' of exchange '{other.Exchange}', too");
                        continue;
                    }

                    Say($"queue '{queue}' gets '{other.RoutingKey}' of exchange '{other.Exchange}', which --topic does not name. RabbitMQ keeps the bindings of earlier subscriptions. To remove it, if it is one: "
                        + $"rabbitmqadmin --vhost={Terminal.Quoted(session.Broker.Endpoint.VirtualHost)} delete binding source={Terminal.Quoted(other.Exchange)} destination_type=queue destination={Terminal.Quoted(queue)} "
                        + $"properties_key={Terminal.Quoted(other.RoutingKey.Length == 0 ? "~" : other.RoutingKey)}", "");
                }

                foreach (var binding in asked)
                {
                    Say(bindings.Contains(binding) ? null : $"queue '{queue}' does not get '{binding.RoutingKey}' of exchange '{binding.Exchange}'. An app with Topology = Declare binds it when it starts.",
                        $"queue '{queue}' gets '{binding.RoutingKey}' of exchange '{binding.Exchange}'");
                }
            }

            var version = session.Broker.Consuming.ServerVersion;
            Say(version < new Version(3, 10) ? $"RabbitMQ {version} is older than 3.10, whose quorum queues retries need. Use a newer one." : null, $"RabbitMQ {version} at {session.Broker.Endpoint}");
            Say(await PublishProblemAsync(session, cancellationToken), "the user may publish copies, for retries and dead letters, to the default exchange");
            foreach (var queue in parsed.GetValue(queues) ?? [])
            {
                if (await session.Broker.TryCountAsync(queue, cancellationToken) is not { } counts)
                {
                    Say($"there is no queue '{queue}'. {Remedy}", "");
                    continue;
                }

                Say(counts is { Consumers: 0, Messages: > 0 } ? $"queue '{queue}' has {counts.Messages} message(s) and no consumer. Is the app running?" : null, $"queue '{queue}': {counts.Messages} message(s), {counts.Consumers} consumer(s)");
                await SayLimitAsync(queue);
                if (session.Management is { } management)
                {
                    SayBindings(queue, await management.BindingsAsync(queue, cancellationToken));
                }

                var dead = DeadLetterQueue.Name(queue);
                var parked = await session.Broker.TryCountAsync(dead, cancellationToken);
                Say(parked is null ? $"there is no queue '{dead}', to which messages go that cannot be handled. {Remedy}" : null, $"queue '{dead}': {parked?.Messages} message(s)");
                if (parked is not null)
                {
                    await SayLimitAsync(dead);
                }

                foreach (var delay in parsed.GetValue(delays) ?? [])
                {
                    var retry = RetryQueue.Name(queue, delay);
                    Say(await session.Broker.TryCountAsync(retry, cancellationToken) is null ? $"there is no queue '{retry}', in which messages wait for their next attempt. {Remedy}" : null, $"queue '{retry}' is there");
                }
            }

            Console.WriteLine(problems == 0 ? "Nothing is wrong." : $"{problems} problem(s).");
            return problems == 0 ? 0 : 1;
        }, cancellationToken));
        return command;
    }

    /// <summary>Publishes what no queue gets.</summary>
    private static async Task<string?> PublishProblemAsync(Session session, CancellationToken cancellationToken)
    {
        try
        {
            await session.Publisher.PublishAsync($"rabbittopics.doctor.{Guid.NewGuid():N}", "", new PublishOptions { Exchange = "" }, cancellationToken);
            return null;
        }
        catch (PublishReturnedException)
        {
            return null;
        }
        catch (PublishRefusedException exception)
        {
            return $"{exception.ReplyText.TrimEnd('.')}. Give it to the user: docs/permissions.md.";
        }
    }

    /// <summary>What a quorum queue may drop. Its arguments cannot be asked for, but a declare with others is refused, and says how they differ: one with those that
    /// this library gives its queues, and one without the dead-letter exchange. A policy cannot be seen at all.</summary>
    private static async Task<(string? Problem, string? Note)> LimitAsync(Session session, string queue, CancellationToken cancellationToken)
    {
        if (!session.Broker.LimitsDeliveries)
        {
            return default;
        }

        var plain = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", [DeliveryLimit] = -1 };
        var asTheLibraryDoes = new Dictionary<string, object?>(plain) { ["x-dead-letter-exchange"] = "", ["x-dead-letter-routing-key"] = DeadLetterQueue.Name(queue) };
        var refusal = "";
        foreach (var arguments in new[] { asTheLibraryDoes, plain })
        {
            try
            {
                await session.Broker.UseChannelAsync(channel => channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken), cancellationToken);
                return default;
            }
            catch (OperationInterruptedException exception) when (exception.ShutdownReason is { } reason)
            {
                refusal = AccessRefusal.Describe(reason);
                if (refusal.Contains("'x-queue-type'", StringComparison.Ordinal))
                {
                    return default; // A classic queue has no limit.
                }

                if (refusal.Contains($"'{DeliveryLimit}'", StringComparison.Ordinal))
                {
                    return Current().Match(refusal) is { Success: true } current
                        ? ($"queue '{queue}' drops a message that is returned more than {current.Groups[1].Value} times, as its arguments say. To have no limit it has to be made anew (docs/brokers.md).", null)
                        : (null, $"queue '{queue}' has no {DeliveryLimit}, and RabbitMQ 4 drops a message that is returned more than 20 times, unless a policy says otherwise. "
                            + "To have no limit: rabbitmqctl set_policy --apply-to quorum_queues rabbittopics-limit 'PATTERN' '{\"delivery-limit\": -1}' (docs/brokers.md).");
                }
            }
        }

        return (null, $"whether queue '{queue}' has a delivery limit cannot be seen: {refusal}.");
    }

    [GeneratedRegex("current is (?:the value )?'([0-9]+)'")]
    private static partial Regex Current();
}
