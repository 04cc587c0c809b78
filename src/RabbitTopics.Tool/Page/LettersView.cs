using System.Globalization;
using System.Security.Cryptography;
using System.Text;

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

    /// <summary>Tells a dead letter from others, also when it is got anew. Two that are the same in all of this are one as well as the other.</summary>
    public static string Key(DeadLetter letter)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var text in new[] { letter.Message.Id, letter.Message.Topic, letter.OriginalQueue, letter.Handler, letter.Reason, letter.Time?.ToString("O", CultureInfo.InvariantCulture), letter.ExceptionMessage })
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{text}\0"));
        }

        hash.AppendData(letter.Message.Body.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    public void Add(DeadLetter letter)
    {
        var body = Body(letter.Message.Body.Span, _bytes < ManyBytes ? LargestBody : LargestBodyOfMany);
        _bytes += body.Text.Length;
        var message = letter.Message;
        Letters.Add(new Letter(Key(letter), message.Id, message.Topic, letter.Reason, letter.Description, letter.Attempts, letter.Time, letter.OriginalQueue, letter.Handler,
            letter.ExceptionType, letter.ExceptionMessage, letter.ExceptionStack, [.. Story(letter)], body, MessageJson.Headers(message), message.Properties));
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

    /// <summary>What is known of its way, the earliest first.</summary>
    private static IEnumerable<Step> Story(DeadLetter letter)
    {
        var message = letter.Message;
        yield return new(message.Properties.Timestamp, $"Published to {(message.Exchange.Length == 0 ? "the default exchange" : $"exchange '{message.Exchange}'")} with routing key '{message.RoutingKey}'.");
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

    internal sealed record Letter(string Key, string? Id, string Topic, string? Reason, string? Description, long Attempts, DateTimeOffset? Time, string? OriginalQueue, string? Handler,
        string? ExceptionType, string? ExceptionMessage, string? ExceptionStack, IReadOnlyList<Step> Story, BodyText Body, IReadOnlyDictionary<string, object?> Headers, MessageProperties Properties);

    internal sealed record Step(DateTimeOffset? Time, string Text);

    /// <param name="Kind">JSON, text or binary.</param>
    /// <param name="Text">What is shown of it.</param>
    /// <param name="Length">How many bytes it has.</param>
    /// <param name="IsCut">Whether less is shown than there is.</param>
    internal sealed record BodyText(string Kind, string Text, int Length, bool IsCut);
}
