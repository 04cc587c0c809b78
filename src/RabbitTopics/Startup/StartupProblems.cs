namespace RabbitTopics.Startup;

/// <summary>The mistakes found in files, settings, options and functions before anything is started. They are gathered, so that one
/// start shows all of them, each once.</summary>
internal sealed class StartupProblems
{
    private readonly List<string> _problems = [];

    public IReadOnlyList<string> All => _problems;

    public void Add(string problem)
    {
        if (!_problems.Contains(problem))
        {
            _problems.Add(problem);
        }
    }

    public void AddForFunction(string function, string problem) => Add($"Function '{function}': {problem}");
}
