namespace RabbitTopics;

/// <summary>Matches topics as a topic exchange does (https://www.rabbitmq.com/tutorials/tutorial-five-dotnet): words are separated by
/// dots, <c>*</c> stands for exactly one word, <c>#</c> for any number of words, none included.</summary>
public static class TopicPattern
{
    /// <summary>Whether a topic matches a pattern. For a handler that takes several topics from one queue.</summary>
    /// <param name="pattern">The pattern, as in a subscription.</param>
    /// <param name="topic">The topic, as <see cref="TopicMessage.Topic"/> has it.</param>
    public static bool Matches(string pattern, string topic)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        ArgumentNullException.ThrowIfNull(topic);
        var words = Words(topic);

        // reached[n]: the pattern so far matches the first n words.
        var reached = new bool[words.Length + 1];
        reached[0] = true;
        foreach (var part in Words(pattern))
        {
            if (part == "#")
            {
                for (var count = 1; count <= words.Length; count++)
                {
                    reached[count] |= reached[count - 1];
                }
            }
            else
            {
                for (var count = words.Length; count > 0; count--)
                {
                    reached[count] = reached[count - 1] && (part == "*" || part == words[count - 1]);
                }

                reached[0] = false;
            }
        }

        return reached[words.Length];
    }

    /// <summary>An empty text has no word; a dot at either end has an empty one beside it.</summary>
    private static string[] Words(string text) => text.Length == 0 ? [] : text.Split('.');
}
