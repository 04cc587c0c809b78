using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using RabbitMQ.Client;

namespace RabbitTopics.Functions.SelfHost.Invocation;

/// <summary>What set off an invocation. As a dictionary: what the function's parameters are bound from, by name: the trigger's value,
/// and the binding data.</summary>
/// <param name="parameter">The trigger's parameter.</param>
internal abstract class FunctionTrigger(string parameter) : IReadOnlyDictionary<string, object?>
{
    /// <summary>What the function's binding context shows. Made when it is asked for; few look at it.</summary>
    public IReadOnlyDictionary<string, object?> BindingData => field ??= ReadBindingData();

    /// <summary>Its value before it is converted: a body as <c>ReadOnlyMemory&lt;byte&gt;</c>, or a
    /// <see cref="Microsoft.Azure.Functions.Worker.TimerInfo"/>.</summary>
    public abstract object Value { get; }

    public IEnumerable<string> Keys => BindingData.Keys.Prepend(parameter);

    public IEnumerable<object?> Values => BindingData.Values.Prepend(Value);

    public int Count => BindingData.Count + 1;

    public object? this[string key] => TryGetValue(key, out var found) ? found : throw new KeyNotFoundException($"There is no binding data '{key}'.");

    /// <summary>The properties and headers of the message that set it off; null where none did.</summary>
    public virtual IReadOnlyBasicProperties? MessageProperties => null;

    /// <summary>A feature that the trigger gives to the invocation; null where it gives none of the type.</summary>
    public virtual object? Feature(Type type) => null;

    public bool ContainsKey(string key) => TryGetValue(key, out _);

    public bool TryGetValue(string key, [MaybeNullWhen(false)] out object? found)
    {
        if (string.Equals(key, parameter, StringComparison.OrdinalIgnoreCase))
        {
            found = Value;
            return true;
        }

        return BindingData.TryGetValue(key, out found);
    }

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => BindingData.Prepend(new(parameter, Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    protected virtual IReadOnlyDictionary<string, object?> ReadBindingData() => ImmutableDictionary<string, object?>.Empty;
}

/// <summary>A trigger whose value is there.</summary>
internal class ValueTrigger(string parameter, object value) : FunctionTrigger(parameter)
{
    public override object Value => value;
}
