using System.Collections;
using System.Text;
using RabbitMQ.Client;

namespace RabbitTopics.Testing.Hosting;

/// <summary>Makes of properties that were written what a consumer reads.</summary>
internal static class WireProperties
{
    /// <summary>The same properties, texts in the headers as bytes.</summary>
    public static BasicProperties Read(BasicProperties written)
    {
        var read = new BasicProperties(written);
        if (written.Headers is { } headers)
        {
            read.Headers = Table(headers);
        }

        return read;
    }

    private static Dictionary<string, object?> Table(IDictionary<string, object?> table) => table.ToDictionary(entry => entry.Key, entry => Value(entry.Value));

    private static object? Value(object? value) => value switch
    {
        string text => Encoding.UTF8.GetBytes(text),
        IDictionary<string, object?> table => Table(table),
        IList list and not byte[] => list.Cast<object?>().Select(Value).ToList(),
        _ => value,
    };
}
