using System.Globalization;
using System.Text;

namespace RabbitTopics.Messages;

/// <summary>Reads values as AMQP 0-9-1 writes them, whichever way they came here.</summary>
internal static class AmqpValue
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>A long string: text where it is UTF-8, else the bytes (4.2.5.3: it may hold any octets).</summary>
    public static object LongString(byte[] bytes)
    {
        if (bytes.AsSpan().SequenceEqual("application/json"u8))
        {
            return JsonBody.ContentType; // In nearly every message: no string of its own.
        }

        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return bytes;
        }
    }

    /// <summary>The time of a timestamp (4.2.5.4: seconds since 1970), or null where that is beyond what a date can
    /// hold.</summary>
    public static DateTimeOffset? Time(long seconds) =>
        seconds >= DateTimeOffset.MinValue.ToUnixTimeSeconds() && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : null;

    /// <summary>The property expiration, which RabbitMQ takes as milliseconds in a string
    /// (https://www.rabbitmq.com/docs/ttl); null where it is not a valid one.</summary>
    public static TimeSpan? Expiration(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds <= uint.MaxValue
            ? TimeSpan.FromMilliseconds(milliseconds)
            : null;

    /// <summary>A count in a header; null where it is not a number: any publisher may have written it.</summary>
    public static long? Count(object? value) => value is sbyte or byte or short or ushort or int or uint or long
        ? Math.Max(0, Convert.ToInt64(value, CultureInfo.InvariantCulture))
        : null;
}
