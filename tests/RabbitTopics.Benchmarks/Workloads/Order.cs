using System.Text.Json;
using System.Text.Json.Serialization;

namespace RabbitTopics.Benchmarks.Workloads;

/// <summary>The message of every contender. By its number a lost or a doubled one is noticed. The names are given because the libraries do not agree
/// on their case.</summary>
public sealed record Order(
    [property: JsonPropertyName("number")] int Number,
    [property: JsonPropertyName("customer")] string Customer,
    [property: JsonPropertyName("placedAt")] DateTimeOffset PlacedAt,
    [property: JsonPropertyName("amount")] decimal Amount,
    [property: JsonPropertyName("tags")] string[] Tags,
    [property: JsonPropertyName("note")] string Note);

/// <summary>Orders whose JSON has a certain length. Those with as many digits in their number share their text: to make one costs next to
/// nothing.</summary>
internal sealed class Orders(int bodyBytes)
{
    private static readonly string[] Tags = ["new", "paid", "express"];

    private readonly Order?[] _byDigits = new Order?[10];

    public Order this[int number]
    {
        get
        {
            var digits = 1;
            for (var rest = number; rest >= 10; rest /= 10)
            {
                digits++;
            }

            return (_byDigits[digits - 1] ??= Template(number)) with { Number = number };
        }
    }

    public byte[] Write(int number) => JsonSerializer.SerializeToUtf8Bytes(this[number], OrderJson.Default.Order);

    private Order Template(int number)
    {
        var order = new Order(number, "c0ffee42", DateTimeOffset.UnixEpoch, 129.95m, Tags, "");
        var missing = bodyBytes - JsonSerializer.SerializeToUtf8Bytes(order, OrderJson.Default.Order).Length;
        return order with { Note = new string('n', missing) };
    }
}

/// <summary>The source-generated JSON that every contender is given.</summary>
[JsonSerializable(typeof(Order))]
internal sealed partial class OrderJson : JsonSerializerContext;
