using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace RabbitTopics;

/// <summary>The headers of a message. Names are looked up without regard to case, because publishers do not agree on it
/// (go-micro writes <c>Micro-Id</c> or <c>Micro-ID</c>, and title-cases metadata); the case a header was sent with is
/// kept.</summary>
/// <remarks>A value is a string, bool, sbyte, byte, short, ushort, int, uint, long, float, double, decimal,
/// <see cref="DateTimeOffset"/>, <c>byte[]</c>, <see cref="MessageHeaders"/> (a table), a list of such values, or
/// null.</remarks>
public sealed class MessageHeaders : IReadOnlyDictionary<string, object?>
{
    private readonly Dictionary<string, object?> _values;

    /// <summary>No headers.</summary>
    public MessageHeaders()
        : this(new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase))
    {
    }

    /// <summary>The given headers; of names that differ only by case, the last one wins.</summary>
    public MessageHeaders(IEnumerable<KeyValuePair<string, object?>> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        _values = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in headers)
        {
            _values[name] = value;
        }
    }

    /// <summary>Takes over a dictionary that ignores case.</summary>
    internal MessageHeaders(Dictionary<string, object?> values) => _values = values;

    /// <inheritdoc/>
    public int Count => _values.Count;

    /// <inheritdoc/>
    public IEnumerable<string> Keys => _values.Keys;

    /// <inheritdoc/>
    public IEnumerable<object?> Values => _values.Values;

    /// <inheritdoc/>
    public object? this[string key] => _values[key];

    /// <summary>The header's value where it is a string that is not empty, else null.</summary>
    public string? GetString(string name) =>
        _values.TryGetValue(name, out var value) && value is string { Length: > 0 } text ? text : null;

    /// <summary>Sets a header. For headers that nobody else has seen yet.</summary>
    internal void Set(string name, object? value) => _values[name] = value;

    /// <summary>These headers, with one of them set.</summary>
    public MessageHeaders With(string name, object? value) => new(new Dictionary<string, object?>(_values, StringComparer.OrdinalIgnoreCase) { [name] = value });

    /// <inheritdoc/>
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value) => _values.TryGetValue(key, out value);

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
