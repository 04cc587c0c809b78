using System.Globalization;
using RabbitTopics.Soak;

// Publishes and receives while the broker is killed, and counts what became of every message; kills leaders of timers, and counts runs;
// goes on for long at a steady rate, and looks at the memory.
if (args is ["timers-instance"])
{
    return await TimersSoak.RunInstanceAsync() ? 0 : 1;
}

if (args is not [("receive" or "publish" or "timers" or "steady") and var command, .. var rest] || !TryRead(rest, command, out var count, out var seed))
{
    Console.Error.WriteLine("Usage: RabbitTopics.Soak receive [--messages 200000] [--seed NUMBER] | publish [--messages 1000000] | timers [--kills 20] [--seed NUMBER] | steady [--minutes 60]");
    return 2;
}

return await (command switch
{
    "receive" => new ReceiveSoak(count, seed).RunAsync(),
    "publish" => new PublishSoak(count).RunAsync(),
    "steady" => new SteadySoak(count).RunAsync(),
    _ => new TimersSoak(count, seed).RunAsync(),
}) ? 0 : 1;

static bool TryRead(string[] options, string command, out int count, out int seed)
{
    count = command switch { "receive" => 200_000, "publish" => 1_000_000, "steady" => 60, _ => 20 };
    seed = Random.Shared.Next();
    foreach (var option in options.Chunk(2))
    {
        if (option.Length != 2 || !int.TryParse(option[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        if (option[0] == (command switch { "timers" => "--kills", "steady" => "--minutes", _ => "--messages" }) && value > 0)
        {
            count = value;
        }
        else if (option[0] == "--seed")
        {
            seed = value;
        }
        else
        {
            return false;
        }
    }

    return true;
}
