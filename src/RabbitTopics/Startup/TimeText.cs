using System.Globalization;

namespace RabbitTopics.Startup;

/// <summary>Reads a time that is written as hours, minutes and seconds. The analyzer has it, too.</summary>
internal static class TimeText
{
    /// <summary>Reads it; false for a number alone, too, which a <see cref="TimeSpan"/> would be in days: whoever writes 5 means seconds.</summary>
    public static bool TryRead(string text, out TimeSpan time)
    {
        time = default;
        return text.Split(':').Length > 1 && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out time);
    }
}
