using System.Collections.Concurrent;
using Grpc.Core;
using RabbitTopics.HostExtension.V1;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>Takes what workers say of messages that our extension delivered, in the place of the extension.</summary>
public sealed class Settlements : Settlement.SettlementBase
{
    private readonly ConcurrentDictionary<string, ConcurrentQueue<object>> _byId = new();

    /// <summary>What was said of a message, in order.</summary>
    public IReadOnlyList<object> Of(string id) => [.. _byId.GetValueOrDefault(id) ?? []];

    public override Task<SettleReply> Settle(SettleRequest request, ServerCallContext context)
    {
        var all = _byId.GetOrAdd(request.Id, _ => new());
        all.Enqueue(request);
        return all.Count == 1 ? Task.FromResult(new SettleReply()) : throw new RpcException(new Status(StatusCode.FailedPrecondition, "The message is settled already."));
    }

    public override Task<FailReply> Fail(FailRequest request, ServerCallContext context)
    {
        _byId.GetOrAdd(request.Id, _ => new()).Enqueue(request);
        return Task.FromResult(new FailReply());
    }
}
