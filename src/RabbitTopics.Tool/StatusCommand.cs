using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace RabbitTopics.Tool;

/// <summary>How much waits where.</summary>
internal static class StatusCommand
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    public static Command Create()
    {
        var queues = new Argument<string[]>("QUEUE") { Description = "Queues of functions; with --management all of them where none is named.", Arity = ArgumentArity.ZeroOrMore };
        var watch = new Option<bool>("--watch") { Description = "Looks again every two seconds, until Ctrl-C." };
        var json = new Option<bool>("--json") { Description = "One JSON object for each queue, in a line." };
        var command = new Command("status", "Shows how many messages and consumers queues have, and how many messages wait beside them for another attempt or were parked.") { queues, watch, json };
        command.Validators.Add(result => QueueStates.Require(result, queues));
        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, async session =>
        {
            do
            {
                var states = await QueueStates.ReadAsync(session, parsed.GetValue(queues)!, cancellationToken);
                Write(states, session.Management is not null, parsed.GetValue(json));
                if (!parsed.GetValue(watch))
                {
                    return states.All(state => state.Exists) ? 0 : 1;
                }

                await Task.Delay(Interval, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            while (!cancellationToken.IsCancellationRequested);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static void Write(IReadOnlyCollection<QueueState> states, bool isManaged, bool json)
    {
        if (json)
        {
            foreach (var state in states)
            {
                Console.WriteLine(JsonSerializer.Serialize(state, JsonSerializerOptions.Web));
            }

            return;
        }

        var table = new Table().AddColumns("queue", "messages", "consumers", "in/s", "out/s", isManaged ? "for another attempt" : "for another attempt*", "parked");
        foreach (var state in states)
        {
            table.AddRow(Markup.Escape(Terminal.Printable(state.Queue)), state.Exists ? Text(state.Messages) : "there is no such queue", Text(state.Consumers), Rate(state.In), Rate(state.Out), Text(state.Retrying), Text(state.Parked));
        }

        AnsiConsole.Write(table);
        if (!isManaged)
        {
            AnsiConsole.MarkupLine("[dim]* in the queues of the default delays, 1, 5 and 25 s. Rates and other delays: --management[/]");
        }

        static string Text(long? count) => count?.ToString(CultureInfo.InvariantCulture) ?? "-";

        static string Rate(double? rate) => rate?.ToString("0.#", CultureInfo.InvariantCulture) ?? "-";
    }
}
