using CsCheck;

namespace RabbitTopics.Tests.Messages;

public sealed class TopicPatternTests
{
    private static readonly Gen<string> Word = Gen.OneOf("a", "b", "order", "");

    private static readonly Gen<string> Topic = Word.Array[0, 6].Select(words => string.Join('.', words));

    private static readonly Gen<string> Pattern = Gen.OneOf(Word, Gen.OneOf("*", "#", "#", "*")).Array[0, 6].Select(words => string.Join('.', words));

    [Theory]
    [InlineData("orders.*", "orders.created", true)]
    [InlineData("orders.*", "orders", false)]
    [InlineData("orders.*", "orders.created.now", false)]
    [InlineData("orders.#", "orders", true)]
    [InlineData("orders.#", "orders.created.now", true)]
    [InlineData("#", "", true)]
    [InlineData("*", "", false)]
    [InlineData("*", ".", false)]
    [InlineData("*.*", ".", true)]
    [InlineData("#.#", "a", true)]
    [InlineData("#.b.#", "a.b.c", true)]
    [InlineData("Orders", "orders", false)]
    [InlineData("a*", "ab", false)]
    public void Words_match_as_a_topic_exchange_matches_them(string pattern, string topic, bool matches) =>
        Assert.Equal(matches, TopicPattern.Matches(pattern, topic));

    [Fact]
    public void Any_pattern_and_topic_match_as_the_definition_says() => Gen.Select(Pattern, Topic).Sample(
        (pattern, topic) => TopicPattern.Matches(pattern, topic) == Matches(Words(pattern), Words(topic)), iter: 50_000);

    [Fact]
    public void Many_wildcards_take_no_time() =>
        Assert.False(TopicPattern.Matches(string.Join('.', Enumerable.Repeat("#.*", 100)) + ".x", string.Join('.', Enumerable.Repeat("a", 1000))));

    /// <summary>The definition, word for word.</summary>
    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> topic)
    {
        if (pattern.IsEmpty)
        {
            return topic.IsEmpty;
        }

        if (pattern[0] == "#")
        {
            return Matches(pattern[1..], topic) || (!topic.IsEmpty && Matches(pattern, topic[1..]));
        }

        return !topic.IsEmpty && (pattern[0] == "*" || pattern[0] == topic[0]) && Matches(pattern[1..], topic[1..]);
    }

    private static string[] Words(string text) => text.Length == 0 ? [] : text.Split('.');
}
