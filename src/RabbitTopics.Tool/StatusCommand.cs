using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using RabbitTopics.Topology;
using Spectre.Console;

namespace RabbitTopics.Tool;

/// <summary>How much waits where.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var queues = new Argument<string[]>("QUEUE") { Description = "Queues of functions.", Arity = ArgumentArity.OneOrMore };
        var watch = new Option<bool>("--watch") { Description = "Looks again every two seconds, until Ctrl-C." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each queue, in a line." };
        var command = new Command("status", "Shows how many messages and consumers queues have, and how many messages wait beside them for another attempt or were parked.") { queues, watch, json };
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, async session =>
        {
            do
            {
                var states = await Task.WhenAll(parsed.GetValue(queues)!.Select(queue => ReadAsync(session, queue, cancellationToken)));
                Write(states, parsed.GetValue(json));
                if (!parsed.GetValue(watch))
                {
                    return states.Any(state => state.Messages is null) ? 1 : 0;
                }

                await Task.Delay(Interval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            while (!cancellationToken.IsCancellationRequested);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static async Task<State> ReadAsync(Session session, string queue, CancellationToken cancellationToken)
    {
        var own = await session.Broker.TryCountAsync(queue, cancellationToken);
        var dead = await session.Broker.TryCountAsync(DeadLetterQueue.Name(queue), cancellationToken);
        var retries = await Task.WhenAll(new ErrorPolicy().Delays.Select(delay => session.Broker.TryCountAsync(RetryQueue.Name(queue, delay), cancellationToken)));
        return new State(queue, own?.Messages, own?.Consumers, retries.Any(retry => retry is not null) ? retries.Sum(retry => retry?.Messages ?? 0) : null, dead?.Messages);
    }

    private static void Write(IReadOnlyCollection<State> states, bool json)
    {
        if (json)
        {
            foreach (var state in states)
            {
                Console.WriteLine(JsonSerializer.Serialize(state, JsonSerializerOptions.Web));
            }

            return;
        }

        var table = new Table().AddColumns("queue", "messages", "consumers", "for another attempt*", "parked");
        foreach (var state in states)
        {
            table.AddRow(Markup.Escape(state.Queue), state.Messages is null ? "there is no such queue" : Text(state.Messages), Text(state.Consumers), Text(state.Retrying), Text(state.Parked));
        }

        AnsiConsole.Write(table);
        AnsiConsole.MarkupLine("[dim]* in the queues of the default delays, 1, 5 and 25 s[/]");

        static string Text(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "-";
    }

    private sealed record State(string Queue, long? Messages, long? Consumers, long? Retrying, long? Parked);
}
