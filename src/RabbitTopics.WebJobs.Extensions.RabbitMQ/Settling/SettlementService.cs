using Grpc.Core;
using RabbitTopics.HostExtension.V1;
using RabbitTopics.Messages;
using RabbitTopics.Settling;
using RabbitTopics.WebJobs.Triggers;

namespace RabbitTopics.WebJobs.Settling;

/// <summary>Lets the app, in its own process, settle a delivery that a listener here holds, and say how it failed.</summary>
internal sealed class SettlementService(DeliveriesAtWork atWork) : HostExtension.V1.Settlement.SettlementBase
{
    public override async Task<SettleReply> Settle(SettleRequest request, ServerCallContext context)
    {
        var actions = Find(request.Id).Delivery.Actions;
        var cancellation = context.CancellationToken;
        try
        {
            await (request.Action switch
            {
                SettleRequest.Types.Action.Complete => actions.CompleteAsync(cancellation),
                SettleRequest.Types.Action.Abandon => actions.AbandonAsync(cancellation),
                SettleRequest.Types.Action.Retry => actions.RetryAsync(TimeSpan.FromMilliseconds(request.DelayMilliseconds), cancellation),
                SettleRequest.Types.Action.DeadLetter => actions.DeadLetterAsync(request.Reason, request.Description, cancellation),
                _ => throw new RpcException(new Status(StatusCode.InvalidArgument, $"The action {request.Action} is unknown to this version of the extension.")),
            });
            return new SettleReply();
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, exception.Message));
        }
        catch (InvalidOperationException exception)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, exception.Message));
        }
        catch (TopicPublishException exception)
        {
            throw new RpcException(new Status(StatusCode.Aborted, exception.Message));
        }
    }

    public override Task<FailReply> Fail(FailRequest request, ServerCallContext context)
    {
        var failure = new RemoteException(request.Type, request.Message, request.Stack) { IsNonRetryable = request.Kind == FailRequest.Types.Kind.NonRetryable };
        Find(request.Id).Failure = request.Kind == FailRequest.Types.Kind.Poison ? new PoisonMessageException(failure) : failure;
        return Task.FromResult(new FailReply());
    }

    private DeliveryAtWork Find(string id) => atWork.TryFind(id, out var found)
        ? found
        : throw new RpcException(new Status(StatusCode.NotFound, "The message's invocation has ended, and the message is settled or back with the broker."));
}
