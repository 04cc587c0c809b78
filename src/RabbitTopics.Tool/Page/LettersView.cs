using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using RabbitTopics.Messages;

namespace RabbitTopics.Tool.Page;

/// <summary>Dead letters as the page shows them.</summary>
internal sealed class LettersView
{
    private const int LargestBody = 64 * 1024;
    private const int LargestBodyOfMany = 1024;
    private const int ManyBytes = 4 * 1024 * 1024;
    private const int BytesInLine = 16;

    private int _bytes;

    public List<Letter> Letters { get; } = [];

    /// <summary>Tells a dead letter from others, also when it is got anew. Those that are the same in all of it have the same.</summary>
    public static string Key(DeadLetter letter)
    {
        // Nothing that a look changes, which in a quorum queue may have put it to the end.
        var message = letter.Message;
        var headers = MessageJson.Headers(message).Where(header => !KeptHeaders.IsOfOneDelivery(header.Key)).OrderBy(header => header.Key, StringComparer.Ordinal);
        var properties = message.Properties with { Persistent = null, UserId = null };
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(JsonSerializer.SerializeToUtf8Bytes(new { message.Topic, Properties = properties, Headers = headers }, MessageJson.Options));
        hash.AppendData(message.Body.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    public void Add(DeadLetter letter)
    {
        var body = Body(letter.Message.Body.Span, _bytes < ManyBytes ? LargestBody : LargestBodyOfMany);
        _bytes += body.Text.Length;
        var message = letter.Message;
        Letters.Add(new Letter(Key(letter), message.Id, message.Topic, letter.Reason, letter.Description, letter.Attempts, letter.Time,
            letter.ExceptionType, letter.ExceptionMessage, letter.ExceptionStack, [.. Story(letter)], body, MessageJson.Headers(message), message.Properties,
            letter.OriginalQueue is { } queue ? $"queue '{queue}'" : null, letter.Origin is var (exchange, routingKey) ? $"{Exchange(exchange)} with routing key '{routingKey}'" : null));
    }

    /// <summary>JSON is indented, other text stands as it is, and what is none is shown byte by byte.</summary>
    private static BodyText Body(ReadOnlySpan<byte> body, int most)
    {
        var shown = body[..Math.Min(body.Length, most)];
        while (shown.Length < body.Length && shown.Length > most - 4 && (body[shown.Length] & 0xC0) == 0x80)
        {
            shown = shown[..^1]; // Not within a character of UTF-8.
        }

        var text = MessageJson.Text(shown);
        return text is null
            ? new BodyText("binary", Hex(shown[..Math.Min(shown.Length, LargestBodyOfMany)]), body.Length, body.Length > LargestBodyOfMany)
            : MessageJson.Indent(text) is { } json ? new BodyText("JSON", json, body.Length, IsCut: false)
            : new BodyText("text", text, body.Length, shown.Length < body.Length);
    }

    private static string Hex(ReadOnlySpan<byte> bytes)
    {
        var lines = new StringBuilder();
        for (var start = 0; start < bytes.Length; start += BytesInLine)
        {
            var line = bytes[start..Math.Min(bytes.Length, start + BytesInLine)];
            lines.Append(CultureInfo.InvariantCulture, $"{start:x8} ");
            foreach (var value in line)
            {
                lines.Append(CultureInfo.InvariantCulture, $" {value:x2}");
            }

            lines.Append(' ', 3 * (BytesInLine - line.Length) + 2);
            foreach (var value in line)
            {
                lines.Append(value is >= 0x20 and < 0x7f ? (char)value : '.');
            }

            lines.Append('\n');
        }

        return lines.ToString();
    }

    private static string Exchange(string name) => name.Length == 0 ? "the default exchange" : $"exchange '{name}'";

    /// <summary>What is known of its way, the earliest first.</summary>
    private static IEnumerable<Step> Story(DeadLetter letter)
    {
        var message = letter.Message;
        yield return new(message.Properties.Timestamp, $"Published to {Exchange(message.Exchange)} with routing key '{message.RoutingKey}'.");
        if (message.FirstTime is { } first)
        {
            yield return new(first, $"First handled{Of(letter.OriginalQueue, " from queue '{0}'")}{Of(letter.Handler, " by {0}")}.");
        }

        if (message.Headers.GetValueOrDefault(HeaderNames.Death) is IEnumerable<object?> deaths)
        {
            foreach (var death in deaths.OfType<MessageHeaders>().Reverse())
            {
                yield return new(death.GetValueOrDefault("time") as DateTimeOffset?,
                    $"The broker took it out of queue '{death.GetString("queue")}': {death.GetString("reason")}, {death.GetValueOrDefault("count")} time(s).");
            }
        }

        if (letter.Attempts > 0 || letter.Time is not null)
        {
            yield return new(letter.Time, $"Parked after {letter.Attempts} attempt(s){Of(letter.Handler, " of {0}")}{Of(letter.Reason, ": {0}")}{Of(letter.Description, ". {0}")}");
        }

        static string Of(string? value, string text) => value is null ? "" : string.Format(CultureInfo.InvariantCulture, text, value);
    }

    /// <summary>A dead letter. The targets say where a replay would put it; null where it does not say.</summary>
    internal sealed record Letter(string Key, string? Id, string Topic, string? Reason, string? Description, long Attempts, DateTimeOffset? Time,
        string? ExceptionType, string? ExceptionMessage, string? ExceptionStack, IReadOnlyList<Step> Story, BodyText Body, IReadOnlyDictionary<string, object?> Headers, MessageProperties Properties, string? ReplayTarget, string? ReplayToExchangeTarget);

    internal sealed record Step(DateTimeOffset? Time, string Text);

    /// <param name="Kind">JSON, text or binary.</param>
    /// <param name="Text">What is shown of it.</param>
    /// <param name="Length">How many bytes it has.</param>
    /// <param name="IsCut">Whether less is shown than there is.</param>
    internal sealed record BodyText(string Kind, string Text, int Length, bool IsCut);
}
