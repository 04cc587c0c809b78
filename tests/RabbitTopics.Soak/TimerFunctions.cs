using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace RabbitTopics.Soak;

/// <summary>The timer of an instance of the timers' soak.</summary>
public static class TimerFunctions
{
    public const string Name = nameof(Tick);

    /// <summary>What a run prints before its time, in milliseconds since 1970.</summary>
    public const string Mark = "tick ";

    [Function(Name)]
    public static void Tick([TimerTrigger("* * * * * *")] TimerInfo timer) =>
        Console.WriteLine(Mark + DateTimeOffset.UtcNow.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
}
