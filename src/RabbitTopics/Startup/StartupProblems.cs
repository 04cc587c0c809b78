namespace RabbitTopics.Startup;

/// <summary>The mistakes found in files, settings, options and functions before anything is started. They are gathered, so that one
/// start shows all of them, and what is wrong for several functions is said once.</summary>
internal sealed class StartupProblems
{
    private readonly List<(string Problem, List<string> Functions)> _problems = [];
    private readonly List<string> _warnings = [];

    /// <summary>Each with what to do. An app with problems must not be started.</summary>
    public IReadOnlyList<string> All => [.. _problems.Select(problem => problem.Functions switch
    {
        [] => problem.Problem,
        [var one] => $"Function '{one}': {problem.Problem}",
        var several => $"Functions '{string.Join("', '", several.Order(StringComparer.Ordinal))}': {problem.Problem}",
    })];

    /// <summary>What an app may be started with, and should not have.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <summary>Those of one function, in one text; null where it has none.</summary>
    public string? Of(string function) => _problems.Where(problem => problem.Functions.Contains(function)).Select(problem => problem.Problem).ToList() is { Count: > 0 } its ? string.Join(' ', its) : null;

    public void Warn(string warning) => _warnings.Add(warning);

    public void Add(string problem, params IEnumerable<string> functions)
    {
        var known = _problems.Find(other => other.Problem == problem);
        if (known.Functions is null)
        {
            _problems.Add(known = (problem, []));
        }

        known.Functions.AddRange(functions.Except(known.Functions));
    }

    /// <summary>Runs a part of a function's checks. What it throws about an attribute, option or setting is noted; the others can still be run.</summary>
    public bool IsFree(string function, Action check)
    {
        try
        {
            check();
            return true;
        }
        catch (Exception exception) when (exception is FormatException or BrokerSettingException or MissingSettingException or NotSupportedException)
        {
            Add(exception.Message, function);
            return false;
        }
    }

    public void Add(StartupProblems others) => others._problems.ForEach(other => Add(other.Problem, other.Functions));
}
