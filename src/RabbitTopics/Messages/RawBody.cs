using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace RabbitTopics.Messages;

/// <summary>A body as it is: the types that need no reading.</summary>
internal static class RawBody
{
    /// <summary>Whether a body is given as this type without reading it.</summary>
    public static bool Supports(Type type) => type == typeof(string) || type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>);

    /// <summary>Gives a body as bytes, or as text of UTF-8.</summary>
    public static bool TryRead(ReadOnlyMemory<byte> body, Type type, [NotNullWhen(true)] out object? value)
    {
        value = type == typeof(ReadOnlyMemory<byte>) ? body
            : type == typeof(byte[]) ? body.ToArray()
            : type == typeof(string) ? Encoding.UTF8.GetString(body.Span)
            : null;
        return value is not null;
    }
}
