using System.Globalization;
using RabbitTopics.Soak;

// Publishes mixed messages through four functions while the broker is killed, and counts what became of them.
if (args is not ["receive", .. var rest] || !TryRead(rest, out var messages, out var seed))
{
    Console.Error.WriteLine("Usage: RabbitTopics.Soak receive [--messages 200000] [--seed NUMBER]");
    return 2;
}

return await new ReceiveSoak(messages, seed).RunAsync() ? 0 : 1;

static bool TryRead(string[] options, out int messages, out int seed)
{
    messages = 200_000;
    seed = Random.Shared.Next();
    foreach (var option in options.Chunk(2))
    {
        if (option.Length != 2 || !int.TryParse(option[1], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        switch (option[0])
        {
            case "--messages":
                messages = value;
                break;
            case "--seed":
                seed = value;
                break;
            default:
                return false;
        }
    }

    return true;
}
