using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace RabbitTopics;

/// <summary>The headers of a message. Names are looked up without regard to case, because publishers do not agree on it
/// (go-micro writes <c>Micro-Id</c> or <c>Micro-ID</c>, and title-cases metadata); the case a header was sent with is
/// kept. Of names that differ only in case the one that is spelled as asked for is found, else the first.</summary>
/// <remarks>A value is a string, bool, sbyte, byte, short, ushort, int, uint, long, float, double, decimal,
/// <see cref="DateTimeOffset"/>, <c>byte[]</c>, <see cref="MessageHeaders"/> (a table), a list of such values, or
/// null.</remarks>
public sealed class MessageHeaders : IReadOnlyDictionary<string, object?>
{
    private KeyValuePair<string, object?>[] _items;

    /// <summary>No headers.</summary>
    public MessageHeaders() => _items = [];

    /// <summary>The given headers; of a name that is given twice, the last one wins.</summary>
    public MessageHeaders(IEnumerable<KeyValuePair<string, object?>> headers)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var distinct = new Dictionary<string, object?>();
        foreach (var (name, value) in headers)
        {
            distinct[name] = value;
        }

        _items = [.. distinct];
        Count = _items.Length;
    }

    /// <summary>Takes over headers, each name once, and free places behind them. An array, as a message has a handful of
    /// headers.</summary>
    internal MessageHeaders(KeyValuePair<string, object?>[] items, int count) => (_items, Count) = (items, count);

    /// <inheritdoc/>
    public int Count { get; private set; }

    /// <inheritdoc/>
    public IEnumerable<string> Keys => this.Select(header => header.Key);

    /// <inheritdoc/>
    public IEnumerable<object?> Values => this.Select(header => header.Value);

    /// <inheritdoc/>
    public object? this[string key] => TryGetValue(key, out var value) ? value : throw new KeyNotFoundException($"There is no header '{key}'.");

    /// <summary>The headers, to look through without taking memory.</summary>
    internal ReadOnlySpan<KeyValuePair<string, object?>> Items => _items.AsSpan(0, Count);

    /// <summary>The header's value where it is a string that is not empty, else null.</summary>
    public string? GetString(string name) => TryGetValue(name, out var value) && value is string { Length: > 0 } text ? text : null;

    /// <summary>These headers, with one of them set.</summary>
    public MessageHeaders With(string name, object? value)
    {
        var changed = new MessageHeaders([.. this, default], Count);
        changed.Set(name, value);
        return changed;
    }

    /// <inheritdoc/>
    public bool ContainsKey(string key) => Find(key) >= 0;

    /// <inheritdoc/>
    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? value)
    {
        var index = Find(key);
        value = index < 0 ? null : _items[index].Value;
        return index >= 0;
    }

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _items.Take(Count).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>Sets a header. For headers that nobody else has seen yet.</summary>
    internal void Set(string name, object? value)
    {
        var index = Find(name);
        if (index >= 0)
        {
            _items[index] = new(_items[index].Key, value);
            return;
        }

        if (Count == _items.Length)
        {
            Array.Resize(ref _items, Count + 1);
        }

        _items[Count++] = new(name, value);
    }

    private int Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var found = -1;
        for (var index = 0; index < Count; index++)
        {
            var key = _items[index].Key;
            if (string.Equals(key, name, StringComparison.Ordinal))
            {
                return index;
            }

            if (found < 0 && string.Equals(key, name, StringComparison.OrdinalIgnoreCase))
            {
                found = index;
            }
        }

        return found;
    }
}
