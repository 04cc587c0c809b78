using System.Text.Json;
using System.Text.Json.Serialization;

namespace RabbitTopics.Benchmarks.Handlers;

/// <summary>The body of every message. Its number, by which a lost or doubled one is noticed, must stay first: see
/// <see cref="Consumers.RawConsumer.ReadNumberOnly"/>.</summary>
public sealed record Order(int Number, string Customer, DateTimeOffset PlacedAt, decimal Amount, string[] Tags, string Note)
{
    private const int Size = 1024;

    /// <summary>The JSON of one order, 1 KiB long.</summary>
    internal static byte[] Write(int number)
    {
        var order = new Order(number, "c0ffee42", DateTimeOffset.UnixEpoch, 129.95m, ["new", "paid", "express"], "");
        var missing = Size - JsonSerializer.SerializeToUtf8Bytes(order, BenchmarkJson.Default.Order).Length;
        return JsonSerializer.SerializeToUtf8Bytes(order with { Note = new string('n', missing) }, BenchmarkJson.Default.Order);
    }
}

/// <summary>The JSON that both sides read.</summary>
[JsonSerializable(typeof(Order))]
internal sealed partial class BenchmarkJson : JsonSerializerContext;
