using RabbitTopics.Benchmarks.Workloads;

namespace RabbitTopics.Benchmarks.Contenders;

/// <summary>What a sabotaged contender does with one of its messages.</summary>
internal enum Sabotage
{
    /// <summary>Acknowledges it without handling it, or does not publish it.</summary>
    Lost,

    /// <summary>Handles or publishes it twice.</summary>
    Doubled,

    /// <summary>Handles it without acknowledging it.</summary>
    Unacknowledged,
}

/// <summary>The plain client with a fault that the measuring must notice: a test looks whether it does.</summary>
internal sealed class SabotagedContender(Uri broker, Sabotage sabotage) : RawContender(broker)
{
    private const int Victim = 7;

    public override async Task<IPublishing> OpenPublisherAsync(string exchange, string queue) =>
        new SabotagedPublishing(await base.OpenPublisherAsync(exchange, queue), sabotage);

    protected override async Task HandleAsync(Order order)
    {
        if (order.Number != Victim)
        {
            await base.HandleAsync(order);
            return;
        }

        for (var times = sabotage switch { Sabotage.Lost => 0, Sabotage.Doubled => 2, _ => 1 }; times > 0; times--)
        {
            await base.HandleAsync(order);
        }

        if (sabotage == Sabotage.Unacknowledged)
        {
            throw new InvalidOperationException("Not acknowledged.");
        }
    }

    private sealed class SabotagedPublishing(IPublishing publishing, Sabotage sabotage) : IPublishing
    {
        public async Task PublishAsync(Order order)
        {
            for (var times = (order.Number, sabotage) switch { (Victim, Sabotage.Lost) => 0, (Victim, Sabotage.Doubled) => 2, _ => 1 }; times > 0; times--)
            {
                await publishing.PublishAsync(order);
            }
        }

        public ValueTask DisposeAsync() => publishing.DisposeAsync();
    }
}
