using System.Globalization;
using RabbitTopics.Soak;

// Publishes and receives while the broker is killed, and counts what became of every message.
if (args is not [("receive" or "publish") and var command, .. var rest] || !TryRead(rest, command == "receive" ? 200_000 : 1_000_000, out var messages, out var seed))
{
    Console.Error.WriteLine("Usage: RabbitTopics.Soak receive [--messages 200000] [--seed NUMBER] | publish [--messages 1000000]");
    return 2;
}

return await (command == "receive" ? new ReceiveSoak(messages, seed).RunAsync() : new PublishSoak(messages).RunAsync()) ? 0 : 1;

static bool TryRead(string[] options, int usual, out int messages, out int seed)
{
    messages = usual;
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
