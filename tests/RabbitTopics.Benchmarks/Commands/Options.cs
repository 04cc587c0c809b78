using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>What the command line asks for.</summary>
/// <param name="Command">What is measured: <c>consume</c>, <c>publish</c> or <c>start</c>.</param>
/// <param name="Messages">Messages a round, handlers that do nothing.</param>
/// <param name="SlowMessages">Messages a round, handlers that take their time.</param>
/// <param name="Repeats">Rounds that count; one more goes before them to warm up.</param>
internal sealed record Options(string Command, int Messages, int SlowMessages, int Repeats)
{
    public const string Usage = """
        Usage: RabbitTopics.Benchmarks consume|publish|start [--messages N] [--repeats N] [--quick]
          start compares the demo app, which it publishes in three ways, with a program on the plain client, on a broker of its own.
          --messages N  messages a round; default 20000, and 3000 with a handler of 10 ms or one publish at a time
          --repeats N   rounds that count; default 5
          --quick       few messages and rounds: shows that it works, not how fast
          The broker is the one that the environment variable RabbitMQ names, else one started for the run.
        """;

    private static readonly Options Default = new("", 20_000, 3_000, 5);
    private static readonly Options Quick = new("", 2_000, 300, 2);

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Options? options, [NotNullWhen(false)] out string? problem)
    {
        options = null;
        if (args is not ["consume" or "publish" or "start", .. var rest])
        {
            problem = args.Length == 0 ? "No command is given." : $"There is no command '{args[0]}'.";
            return false;
        }

        var parsed = rest.Contains("--quick") ? Quick : Default;
        for (var index = 0; index < rest.Length; index++)
        {
            var name = rest[index];
            if (name == "--quick")
            {
                continue;
            }

            if (name is not ("--messages" or "--repeats"))
            {
                problem = $"There is no option '{name}'.";
                return false;
            }

            if (++index == rest.Length
                || !int.TryParse(rest[index], NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number == 0)
            {
                problem = $"'{name}' needs a whole number from 1.";
                return false;
            }

            parsed = name == "--repeats" ? parsed with { Repeats = number } : parsed with { Messages = number, SlowMessages = number };
        }

        options = parsed with { Command = args[0] };
        problem = null;
        return true;
    }
}
