using RabbitTopics;

namespace OrdersApp;

/// <summary>Takes money. Tests have another.</summary>
public interface IBank
{
    /// <summary>Takes the money for an order.</summary>
    /// <exception cref="CardDeclinedException">The customer has not enough.</exception>
    /// <exception cref="TimeoutException">The bank does not answer now.</exception>
    Task TakeAsync(Order order, CancellationToken cancellationToken);
}

/// <summary>No other attempt can help: the message is parked at once.</summary>
[NonRetryable]
public sealed class CardDeclinedException(long order) : Exception($"The card for order {order} was declined.");

/// <summary>Declines large orders, and does not answer for those in between.</summary>
internal sealed class DemoBank : IBank
{
    public Task TakeAsync(Order order, CancellationToken cancellationToken) => order.Total switch
    {
        > 900 => throw new CardDeclinedException(order.Id),
        > 700 => throw new TimeoutException("The bank does not answer."),
        _ => Task.CompletedTask,
    };
}
