namespace RabbitTopics.Startup;

/// <summary>Tells a misspelt name from another one.</summary>
internal static class Spelling
{
    /// <summary>Whether a name is a known one with a letter or two that are wrong, missing or too many. Case does not count.</summary>
    public static bool IsLike(string known, string name)
    {
        var distances = Enumerable.Range(0, name.Length + 1).ToArray(); // The Levenshtein distances of the known name so far to each prefix of the other.
        for (var row = 0; row < known.Length; row++)
        {
            var diagonal = row;
            distances[0] = row + 1;
            for (var column = 0; column < name.Length; column++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(known[row]) == char.ToLowerInvariant(name[column]) ? 0 : 1);
                diagonal = distances[column + 1];
                distances[column + 1] = Math.Min(replaced, Math.Min(diagonal, distances[column]) + 1);
            }
        }

        return distances[^1] <= (known.Length > 4 ? 2 : 1);
    }
}
