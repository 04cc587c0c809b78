using System.Globalization;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Says whether a text is a schedule: an NCRONTAB expression of six fields (seconds first) or five, or a TimeSpan. It takes
/// what the package NCrontab takes, which an analyzer cannot bring along.</summary>
internal static class Schedules
{
    private static readonly Field[] Fields =
    [
        new("second", 0, 59), new("minute", 0, 59), new("hour", 0, 23), new("day", 1, 31),
        new("month", 1, 12, CultureInfo.InvariantCulture.DateTimeFormat.MonthNames),
        new("day of the week", 0, 6, CultureInfo.InvariantCulture.DateTimeFormat.DayNames),
    ];

    private static readonly char[] Space = [' '];

    /// <summary>What is wrong with the schedule, and what to do; null if nothing is.</summary>
    public static string? Problem(string text)
    {
        if (text.Trim().IndexOf(' ') < 0 && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval))
        {
            return interval > TimeSpan.Zero ? null : "it is not a time between runs. Write one that is more than zero, for example '00:00:30'.";
        }

        var parts = text.Split(Space, StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (5 or 6))
        {
            return "it is neither an NCRONTAB expression (second minute hour day month day-of-week, for example '*/5 * * * * *') "
                + "nor a TimeSpan (for example '00:00:05').";
        }

        var values = new bool[Fields.Length][];
        for (var index = Fields.Length - parts.Length; index < Fields.Length; index++)
        {
            var part = parts[index - Fields.Length + parts.Length];
            if (Fields[index].Read(part) is not { } read)
            {
                return $"'{part}' is no {Fields[index].Name}. Write {Fields[index].Values}, '*', a list 'a,b', a range 'a-b' or a step '*/n'.";
            }

            values[index] = read;
        }

        return Occurs(values[3], values[4]) ? null : "it never occurs: check its day and month.";
    }

    private static bool Occurs(bool[] days, bool[] months) =>
        Enumerable.Range(1, 12).Any(month => months[month] && Enumerable.Range(1, DateTime.DaysInMonth(2000, month)).Any(day => days[day]));

    /// <summary>A field of an expression.</summary>
    private sealed class Field(string name, int first, int last, string[]? names = null)
    {
        public string Name => name;

        /// <summary>The values that it takes, for people.</summary>
        public string Values => names is null ? $"{first} to {last}" : $"{first} to {last} or a name such as '{names[0].Substring(0, 3)}'";

        /// <summary>Which values the text stands for; null if it is not understood.</summary>
        public bool[]? Read(string text)
        {
            var values = new bool[last + 1];
            return text.Split(',').All(item => TryRead(item, values)) ? values : null;
        }

        private bool TryRead(string item, bool[] values)
        {
            var (range, step) = Split(item, '/');
            var (low, high) = Split(range, '-');
            var pace = 1;
            if (step is not null && !int.TryParse(step, NumberStyles.Integer, CultureInfo.InvariantCulture, out pace))
            {
                return false;
            }

            var from = range == "*" ? first : Value(low);
            var to = range == "*" ? last : high is not null ? Value(high) : step is null ? from : last;
            if (from is not { } one || to is not { } other)
            {
                return false;
            }

            for (var value = (long)Math.Min(one, other); value <= Math.Max(one, other); value += Math.Max(pace, 1))
            {
                values[value] = true;
            }

            return true;
        }

        private static (string Before, string? After) Split(string text, char separator) =>
            text.IndexOf(separator) is > 0 and var index ? (text.Substring(0, index), text.Substring(index + 1)) : (text, null);

        /// <summary>The value of a number or of the beginning of a name; null where it is none.</summary>
        private int? Value(string text)
        {
            if (text.Length > 0 && text.All(character => character is >= '0' and <= '9'))
            {
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= first && value <= last ? value : null;
            }

            var index = text.Length == 0 ? -1 : Array.FindIndex(names ?? [], known => known.StartsWith(text, StringComparison.OrdinalIgnoreCase));
            return index >= 0 ? first + index : null;
        }
    }
}
