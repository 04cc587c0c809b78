using System.Globalization;

namespace RabbitTopics.Functions.Analyzers;

/// <summary>Says whether a text is a schedule: an NCRONTAB expression of six fields (seconds first) or five, or a TimeSpan. It takes
/// what the package NCrontab takes, which an analyzer cannot bring along.</summary>
internal static class Schedules
{
    private static readonly Field[] Fields =
    [
        new("second", 0, 59),
        new("minute", 0, 59),
        new("hour", 0, 23),
        new("day", 1, 31),
        new("month", 1, 12, CultureInfo.InvariantCulture.DateTimeFormat.MonthNames),
        new("day of the week", 0, 6, CultureInfo.InvariantCulture.DateTimeFormat.DayNames),
    ];

    private static readonly char[] Space = [' '];

    /// <summary>What is wrong with the schedule, and what to do; null if nothing is.</summary>
    public static string? Problem(string text)
    {
        if (text.Trim().IndexOf(' ') < 0 && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var interval))
        {
            return interval > TimeSpan.Zero ? null : "it is no time between runs. Write one that is more than zero, for example '00:00:30'.";
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

        return ComesRound(values[3], values[4]) ? null : "it never comes round: check its day and month.";
    }

    private static bool ComesRound(bool[] days, bool[] months) =>
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
            int? step = null;
            if (item.IndexOf('/') is > 0 and var slash)
            {
                if (!int.TryParse(item.Substring(slash + 1), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number))
                {
                    return false;
                }

                step = Math.Max(number, 1);
                item = item.Substring(0, slash);
            }

            int from, to;
            if (item == "*")
            {
                (from, to) = (first, last);
            }
            else if (item.IndexOf('-') is > 0 and var dash)
            {
                if (!TryReadValue(item.Substring(0, dash), out from) || !TryReadValue(item.Substring(dash + 1), out to))
                {
                    return false;
                }
            }
            else if (TryReadValue(item, out from))
            {
                to = step is null ? from : last;
            }
            else
            {
                return false;
            }

            for (var value = (long)Math.Min(from, to); value <= Math.Max(from, to); value += step ?? 1)
            {
                values[value] = true;
            }

            return true;
        }

        private bool TryReadValue(string text, out int value)
        {
            value = -1;
            if (text.Length > 0 && text.All(character => character is >= '0' and <= '9'))
            {
                return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= first && value <= last;
            }

            // The beginning of a name is enough.
            var index = text.Length == 0
                ? -1
                : Array.FindIndex(names ?? [], known => known.StartsWith(text, StringComparison.OrdinalIgnoreCase));
            value = first + index;
            return index >= 0;
        }
    }
}
