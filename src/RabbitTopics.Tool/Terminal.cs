namespace RabbitTopics.Tool;

/// <summary>Texts of messages and brokers, which anybody may have written, for a terminal and for a shell.</summary>
internal static class Terminal
{
    /// <summary>Nothing that a terminal would act on.</summary>
    public static string Printable(string text) => string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character));

    /// <summary>One word of a shell.</summary>
    public static string Quoted(string text) => $"'{Printable(text).Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
