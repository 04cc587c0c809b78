using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Spectre.Console;

namespace RabbitTopics.Tool;

/// <summary>The commands about dead letters.</summary>
internal static class DeadLetterCommands
{
    private const int NotConfirmed = 3;

    private static readonly string[] Groups = ["reason", "exception", "topic", "handler", "queue", "age"];

    public static Command Create() => new("dead", "Looks at dead letters, and puts them back, moves, exports or deletes them.") { List(), Show(), Export(), Replay(), Move(), Delete() };

    private static Command List()
    {
        var by = new Option<string>("--by") { Description = $"What they are grouped by: {string.Join(", ", Groups)}.", DefaultValueFactory = _ => "exception" };
        by.AcceptOnlyFromAmong(Groups);
        var json = Json();
        return Command("list", "Counts the messages of a queue in groups. They stay.", [by, json], async (queue, filter, session, parsed, cancellationToken) =>
        {
            var groups = new Dictionary<string, LetterGroup>(StringComparer.Ordinal);
            var count = await ForEachAsync(queue, filter, session, parsed, letter =>
            {
                var key = Key(letter, parsed.GetValue(by)!);
                if (!groups.TryGetValue(key, out var group))
                {
                    groups[key] = group = new LetterGroup(key, letter.ExceptionMessage);
                }

                group.Add(letter);
            }, cancellationToken);
            var largestFirst = groups.Values.OrderByDescending(group => group.Count).ToList();
            if (parsed.GetValue(json))
            {
                largestFirst.ForEach(group => Console.WriteLine(JsonSerializer.Serialize(group, JsonSerializerOptions.Web)));
                return 0;
            }

            var table = new Table().AddColumns(parsed.GetValue(by)!, "messages", "oldest", "newest", "for example");
            foreach (var group in largestFirst)
            {
                table.AddRow(Markup.Escape(Terminal.Printable(group.Group)), group.Count.ToString(CultureInfo.InvariantCulture), Text(group.Oldest), Text(group.Newest), Markup.Escape(Terminal.Printable(Short(group.Example))));
            }

            AnsiConsole.Write(table);
            Console.WriteLine($"{count} message(s) of '{queue}'.");
            return 0;
        });

        static string Key(DeadLetter letter, string by) => by switch
        {
            "reason" => letter.Reason,
            "topic" => letter.Message.Topic,
            "handler" => letter.Handler,
            "queue" => letter.OriginalQueue,
            "age" => Age(letter.Time),
            _ => letter.ExceptionType ?? letter.Reason,
        } ?? "-";

        static string? Age(DateTimeOffset? time) => (DateTimeOffset.UtcNow - time)?.TotalHours switch
        {
            null => null,
            < 1 => "less than an hour",
            < 24 => "less than a day",
            < 7 * 24 => "less than a week",
            _ => "a week or more",
        };

        static string Text(DateTimeOffset? time) => time?.ToString("u", CultureInfo.InvariantCulture) ?? "-";

        static string Short(string? text) => text is null ? "" : text.Length <= 80 ? text : text[..79] + "…";
    }

    private static Command Show() => Command("show", "Shows messages with all that is known of them. They stay.", [], async (queue, filter, session, parsed, cancellationToken) =>
    {
        var count = await ForEachAsync(queue, filter, session, parsed, letter => Console.WriteLine(MessageJson.Write(letter, indented: true)), cancellationToken);
        return count > 0 ? 0 : 1;
    });

    private static Command Export()
    {
        var file = new Option<FileInfo?>("--file") { Description = "Where to, a file that is not there yet; standard output without it." };
        return Command("export", "Writes messages as JSON, each in a line. They stay.", [file], async (queue, filter, session, parsed, cancellationToken) =>
        {
            // Made with the first message: a queue that is not there leaves no file. Never over an earlier export.
            var target = parsed.GetValue(file);
            TextWriter? writer = target is null ? Console.Out : null;
            int count;
            try
            {
                count = await ForEachAsync(queue, filter, session, parsed, letter =>
                {
                    writer ??= new StreamWriter(target!.Open(FileMode.CreateNew));
                    writer.WriteLine(MessageJson.Write(letter));
                }, cancellationToken);
            }
            finally
            {
                await (writer?.DisposeAsync() ?? ValueTask.CompletedTask);
            }

            await Console.Error.WriteLineAsync($"{count} message(s) written.");
            return 0;
        });
    }

    private static Command Replay()
    {
        var toExchange = new Option<bool>("--to-exchange") { Description = "Publishes them to their exchange with their routing key, for every queue that is bound. Without it only the queue that they were taken from gets them." };
        return Changing("replay", "Puts messages back to be handled again, their attempts counted from 1.", [toExchange], needsConfirmation: false,
            parsed => parsed.GetValue(toExchange) ? DeadLetterAction.ReplayToExchange : DeadLetterAction.Replay);
    }

    private static Command Move()
    {
        var to = new Option<string>("--to") { Description = "The queue.", Required = true };
        return Changing("move", "Moves messages to another queue, as they are.", [to], needsConfirmation: false, parsed => DeadLetterAction.MoveTo(parsed.GetValue(to)!));
    }

    private static Command Delete() => Changing("delete", "Deletes messages.", [], needsConfirmation: true, _ => DeadLetterAction.Delete);

    /// <summary>A command that takes messages out of the queue.</summary>
    private static Command Changing(string name, string description, Option[] options, bool needsConfirmation, Func<ParseResult, DeadLetterAction> actionOf)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only counts them." };
        var perSecond = new Option<double?>("--per-second") { Description = "How many a second at the most; no limit without it." };
        var yes = new Option<bool>("--yes") { Description = "Does not ask." };
        return Command(name, description, [.. options, dryRun, perSecond, .. needsConfirmation ? [yes] : Array.Empty<Option>()], async (queue, filter, session, parsed, cancellationToken) =>
        {
            var isDryRun = parsed.GetValue(dryRun);
            if (needsConfirmation && !isDryRun && !Session.IsConfirmed(parsed.GetValue(yes), $"Delete messages of '{queue}'? They are lost then."))
            {
                await Console.Error.WriteLineAsync("Nothing was deleted. Confirm with --yes.");
                return NotConfirmed;
            }

            var (isChosen, action) = (filter.Read(parsed), actionOf(parsed));
            var summary = new DeadLetterSummary(0, 0, 0, 0);
            async Task GoThroughAsync(IProgress<DeadLetterSummary>? progress) => summary = await session.DeadLetters.GoThroughAsync(queue, letter => isChosen(letter) ? action : DeadLetterAction.Keep,
                new DeadLetterOptions { Most = filter.Most(parsed), PerSecond = parsed.GetValue(perSecond) ?? double.PositiveInfinity, DryRun = isDryRun, Progress = progress }, cancellationToken);

            if (AnsiConsole.Profile.Capabilities.Interactive && !Console.IsOutputRedirected)
            {
                var count = await session.Broker.TryCountAsync(queue, cancellationToken);
                await AnsiConsole.Progress().AutoClear(true).StartAsync(async context =>
                {
                    var bar = context.AddTask(Markup.Escape(name), maxValue: Math.Min(filter.Most(parsed), count?.Messages ?? 0));
                    await GoThroughAsync(new Progress(seen => bar.Value = seen.Seen));
                });
            }
            else
            {
                await GoThroughAsync(null);
            }

            var done = summary.Seen - summary.Kept;
            Console.WriteLine($"{(isDryRun ? "Would " : "")}{name}: {done} message(s) of {summary.Seen}; {summary.Kept} stay(s) in '{queue}'.");
            return 0;
        });
    }

    /// <summary>A command about one queue and some of its messages.</summary>
    private static Command Command(string name, string description, IEnumerable<Option> options, Func<string, DeadLetterFilter, Session, ParseResult, CancellationToken, Task<int>> run)
    {
        var queue = new Argument<string>("QUEUE") { Description = "The dead-letter queue: orders.dead." };
        var filter = new DeadLetterFilter();
        var command = new Command(name, description) { queue };
        filter.AddTo(command);
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((parsed, cancellationToken) => Session.RunAsync(parsed, session => run(parsed.GetValue(queue)!, filter, session, parsed, cancellationToken), cancellationToken));
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "One JSON object for each group, in a line." };

    /// <summary>Goes through the messages that are chosen, one by one, as a queue may hold more than the memory; they stay. Returns how many they are.</summary>
    private static async Task<int> ForEachAsync(
        string queue, DeadLetterFilter filter, Session session, ParseResult parsed, Action<DeadLetter> act, CancellationToken cancellationToken)
    {
        var isChosen = filter.Read(parsed);
        var count = 0;
        await session.DeadLetters.GoThroughAsync(queue, letter =>
        {
            if (isChosen(letter))
            {
                act(letter);
                count++;
            }

            return DeadLetterAction.Keep;
        }, new DeadLetterOptions { Most = filter.Most(parsed) }, cancellationToken);
        return count;
    }

    /// <summary>What is shown of messages that have something in common.</summary>
    private sealed class LetterGroup(string group, string? example)
    {
        public string Group => group;

        public int Count { get; private set; }

        public DateTimeOffset? Oldest { get; private set; }

        public DateTimeOffset? Newest { get; private set; }

        /// <summary>What the exception of the first of them says.</summary>
        public string? Example => example;

        public void Add(DeadLetter letter)
        {
            Count++;
            Oldest = Oldest < letter.Time ? Oldest : letter.Time ?? Oldest;
            Newest = Newest > letter.Time ? Newest : letter.Time ?? Newest;
        }
    }

    /// <summary>Reports on the thread that does the work.</summary>
    private sealed class Progress(Action<DeadLetterSummary> report) : IProgress<DeadLetterSummary>
    {
        public void Report(DeadLetterSummary value) => report(value);
    }
}
