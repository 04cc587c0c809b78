using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using RabbitTopics.Benchmarks.Contenders;
using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Commands;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public static string Usage { get; } = $"""
        Usage: RabbitTopics.Benchmarks [start|many] [options]
          Compares RabbitTopics with the plain client and other libraries. With start: the demo app, which it publishes as JIT, ReadyToRun and
          native code, with a program on the plain client. With many: apps of 1, 10, 100 and 1 000 functions, between which --count messages are
          spread.
          --rounds N         how often each contender does each workload; default 5
          --count N          messages of consume-c1; the other workloads change in proportion; default {Workload.DefaultMessages}
          --workloads A,B    of {string.Join(", ", Workload.All.Select(workload => workload.Name))}; default all
          --contenders A,B   default {string.Join(", ", ContenderNames.Default)}; there are also {string.Join(", ", ContenderNames.Others)}
          --charts FOLDER    writes a chart of each workload there, as SVG
          --quick            one round of few messages: shows that it works and that no message is lost, not how fast
          The broker is the one that the environment variable RabbitMQ names, else one started for the run; start and many always have their own.
        """;

    public bool IsStart { get; private init; }

    public bool IsMany { get; private init; }

    public int Rounds { get; private init; } = 5;

    public int Count { get; private init; } = Workload.DefaultMessages;

    public IReadOnlyList<Workload> Workloads { get; private init; } = Workload.All;

    public IReadOnlyList<string> Contenders { get; private init; } = ContenderNames.Default;

    public string? Charts { get; private init; }

    public static bool TryParse(string[] args, [NotNullWhen(true)] out Options? options, [NotNullWhen(false)] out string? problem)
    {
        options = null;
        var parsed = args.Contains("--quick") ? new Options { Rounds = 1, Count = 200 } : new Options();
        var (isStart, isMany) = (args is ["start", ..], args is ["many", ..]);
        for (var index = isStart || isMany ? 1 : 0; index < args.Length; index++)
        {
            var name = args[index];
            if (name == "--quick")
            {
                continue;
            }

            if (name is not ("--rounds" or "--count" or "--workloads" or "--contenders" or "--charts"))
            {
                problem = $"There is no option '{name}'.";
                return false;
            }

            var value = ++index < args.Length ? args[index] : "";
            problem = name switch
            {
                "--rounds" or "--count" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
                    ? null : $"'{name}' needs a whole number from 1.",
                "--workloads" => Unknown(value, Workload.All.Select(workload => workload.Name), "workload"),
                "--contenders" => Unknown(value, [.. ContenderNames.Default, .. ContenderNames.Others], "contender"),
                _ => value.Length > 0 ? null : $"'{name}' needs a folder.",
            };
            if (problem is not null)
            {
                return false;
            }

            parsed = name switch
            {
                "--rounds" => parsed with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--count" => parsed with { Count = int.Parse(value, CultureInfo.InvariantCulture) },
                "--workloads" => parsed with { Workloads = [.. value.Split(',').Select(known => Workload.All.Single(workload => workload.Name == known))] },
                "--contenders" => parsed with { Contenders = value.Split(',') },
                _ => parsed with { Charts = value },
            };
        }

        options = parsed with { IsStart = isStart, IsMany = isMany, Workloads = [.. parsed.Workloads.Select(workload => workload.Scaled(parsed.Count))] };
        problem = null;
        return true;
    }

    private static string? Unknown(string value, IEnumerable<string> known, string what)
    {
        var names = value.Split(',');
        return names.Except(known).FirstOrDefault() is { } unknown ? $"There is no {what} '{unknown}'. There are {string.Join(", ", known)}."
            : names.Distinct().Count() < names.Length ? $"A {what} is named twice in '{value}'."
            : null;
    }
}
