using System.Collections.Immutable;

namespace RabbitTopics.StandaloneWorker.Generators;

/// <summary>Holds the functions of a compilation against each other: no two may have one name.</summary>
internal static class FunctionNames
{
    /// <summary>The functions to emit: neither has a problem of its own nor a twin.</summary>
    public static EquatableArray<FunctionModel> WithoutProblems(ImmutableArray<FoundFunction> functions)
    {
        var twins = new HashSet<FoundFunction>(Twins(functions).SelectMany(group => group));
        return new(functions.Where(function => !twins.Contains(function)).Select(function => function.Model).OfType<FunctionModel>());
    }

    /// <summary>All problems, the functions' own first.</summary>
    public static EquatableArray<Problem> Problems(ImmutableArray<FoundFunction> functions) => new(
    [
        .. functions.SelectMany(function => function.Problems),
        .. from twins in Twins(functions)
           from twin in twins
           let other = twins.First(candidate => candidate != twin)
           select new Problem(Diagnostics.DuplicateName, twin.Location, new([twin.Name, twin.EntryPoint, other.EntryPoint])),
    ]);

    private static IEnumerable<IGrouping<string, FoundFunction>> Twins(ImmutableArray<FoundFunction> functions) => functions
        .Where(function => function.Name.Length > 0)
        .GroupBy(function => function.Name, StringComparer.OrdinalIgnoreCase)
        .Where(group => group.Count() > 1);
}
