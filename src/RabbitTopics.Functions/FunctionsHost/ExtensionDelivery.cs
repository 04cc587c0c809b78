using RabbitTopics.Connections;
using RabbitTopics.HostExtension.V1;
using RabbitTopics.Messages;
using RabbitTopics.Settling;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>A message that our extension delivered. The extension settles it, by what it is told from here and by how the invocation ends.</summary>
internal sealed class ExtensionDelivery(Delivery delivery, string id, SettlementClient extension, DeliverySettler settler) : HostDelivery(delivery)
{
    /// <summary>Tells the extension what came out of the handling, before the invocation fails of it: whether another attempt can help is known here.</summary>
    public Task TellAsync(Exception failure)
    {
        var (kind, thrown) = failure is PoisonMessageException { InnerException: { } reason } ? (FailRequest.Types.Kind.Poison, reason)
            : settler.IsExcluded(failure) ? (FailRequest.Types.Kind.NonRetryable, failure)
            : (FailRequest.Types.Kind.Failed, failure);
        return extension.TryFailAsync(new FailRequest
        {
            Id = id,
            Kind = kind,
            Type = thrown.GetType().FullName ?? "",
            Message = Secret.Hide(thrown.Message),
            Stack = Secret.Hide(thrown.StackTrace) ?? "",
        });
    }

    /// <summary>Waits for what the handler has begun to settle. Throws what came out of it where that failed.</summary>
    public async Task CloseAsync() => await (Delivery.ActionsInUse?.CloseAsync() ?? new ValueTask<bool>(false));
}
