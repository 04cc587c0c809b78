using RabbitTopics.HostExtension.V1;

namespace RabbitTopics.Functions.FunctionsHost;

/// <summary>Settles a delivery that our extension holds. What may be called, and how often, the extension says.</summary>
internal sealed class ExtensionActions(string id, string queue, SettlementClient extension) : TopicMessageActions
{
    private Task? _last;
    private bool? _isComplete;

    internal override bool? IsComplete => _isComplete;

    public override Task CompleteAsync(CancellationToken cancellationToken = default) => SettleAsync(new() { Action = SettleRequest.Types.Action.Complete }, cancellationToken);

    public override Task AbandonAsync(CancellationToken cancellationToken = default) => SettleAsync(new() { Action = SettleRequest.Types.Action.Abandon }, cancellationToken);

    public override Task RetryAsync(TimeSpan after, CancellationToken cancellationToken = default) =>
        SettleAsync(new() { Action = SettleRequest.Types.Action.Retry, DelayMilliseconds = (long)Math.Ceiling(CheckDelay(after).TotalMilliseconds) }, cancellationToken);

    public override Task DeadLetterAsync(string? reason = null, string? description = null, CancellationToken cancellationToken = default) =>
        SettleAsync(new() { Action = SettleRequest.Types.Action.DeadLetter, Reason = reason ?? "", Description = description ?? "" }, cancellationToken);

    internal override async ValueTask<bool> CloseAsync()
    {
        if (_last is { } last)
        {
            await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await (_isComplete is null ? last : Task.CompletedTask);
        }

        return _isComplete is not null;
    }

    private Task SettleAsync(SettleRequest request, CancellationToken cancellationToken)
    {
        request.Id = id;
        var settling = SendAsync(request, cancellationToken);
        _last = settling;
        return settling;
    }

    private async Task SendAsync(SettleRequest request, CancellationToken cancellationToken)
    {
        await extension.SettleAsync(request, queue, cancellationToken);
        _isComplete = request.Action == SettleRequest.Types.Action.Complete;
    }
}
