using Grpc.Core;
using RabbitTopics.WorkerTests.Protocol;

namespace RabbitTopics.WorkerTests.Host;

/// <summary>Takes the calls of workers: a stream in each direction, whose first message says which worker it is.</summary>
public sealed class EventStreams : FunctionRpc.FunctionRpcBase
{
    /// <summary>The worker of an id.</summary>
    public Func<string, HostedWorker?> Find { get; set; } = _ => null;

    public override async Task EventStream(IAsyncStreamReader<StreamingMessage> requestStream, IServerStreamWriter<StreamingMessage> responseStream, ServerCallContext context)
    {
        if (!await requestStream.MoveNext(context.CancellationToken) || requestStream.Current.StartStream is not { } start)
        {
            throw new Grpc.Core.RpcException(new Status(StatusCode.FailedPrecondition, "The first message of a worker is StartStream."));
        }

        var worker = Find(start.WorkerId) ?? throw new Grpc.Core.RpcException(new Status(StatusCode.NotFound, $"No worker was started with the id '{start.WorkerId}'."));
        await worker.TalkAsync(requestStream, responseStream, context.CancellationToken);
    }
}
