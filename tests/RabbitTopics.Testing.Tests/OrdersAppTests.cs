using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrdersApp;

namespace RabbitTopics.Testing.Tests;

/// <summary>The tests of the sample with orders, as its authors would write them.</summary>
public sealed class OrdersAppTests
{
    [Fact]
    public async Task A_new_order_is_paid()
    {
        await using var app = await TestApp.StartAsync<TakePayment>();

        var result = await app.SendAsync("orders.created", new Order(1, 100), nameof(TakePayment));

        Assert.Equal(HandlingOutcome.Completed, result.Outcome);
        var paid = Assert.Single(app.Published);
        Assert.Equal("orders.paid", paid.Topic);
        Assert.Equal(new OrderPaid(1, 100), paid.As<OrderPaid>());
    }

    [Fact]
    public async Task While_the_bank_does_not_answer_the_payment_is_tried_again_and_then_parked()
    {
        await using var app = await TestApp.StartAsync<TakePayment>();

        var result = await app.SendAsync("orders.created", new Order(1, 800), nameof(TakePayment));

        Assert.Equal((HandlingOutcome.DeadLettered, DeadLetterReasons.MaxAttempts), (result.Outcome, result.DeadLetterReason));
        Assert.Equal([1.0, 5, null], result.Attempts.Select(attempt => attempt.Delay?.TotalSeconds));
        Assert.IsType<TimeoutException>(result.Exception);
    }

    [Fact]
    public async Task A_declined_card_is_not_tried_again()
    {
        await using var app = await TestApp.StartAsync<TakePayment>(options =>
            options.ConfigureServices = services => services.Replace(ServiceDescriptor.Singleton<IBank>(new PoorCustomer())));

        var result = await app.SendAsync("orders.created", new Order(1, 1), nameof(TakePayment));

        Assert.Equal(DeadLetterReasons.NonRetryable, result.DeadLetterReason);
        Assert.Single(result.Attempts);
    }

    [Fact]
    public async Task An_order_that_is_not_paid_is_reminded_of_after_a_minute()
    {
        await using var app = await TestApp.StartAsync<Reminders>();

        await app.SendAsync("orders.created", new Order(1, 1), "PlanReminder");
        var reminder = Assert.Single(app.Published);
        await app.SendAsync(reminder.Topic, reminder.Message, "Remind");

        Assert.Equal(("orders.reminder", TimeSpan.FromMinutes(1)), (reminder.RoutingKey, reminder.Delay));
        Assert.Contains(app.Log, line => line.Text == "Order 1 is not paid yet.");
    }

    [Fact]
    public async Task The_report_counts_orders_and_payments()
    {
        await using var app = await TestApp.StartAsync<Report>();

        await app.SendAsync("orders.created", new Order(1, 1), "CountOrders");
        await app.SendAsync("orders.created", new Order(2, 1), "CountOrders");
        await app.SendAsync("orders.paid", new OrderPaid(2, 1), "CountOrders");
        await app.AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Contains(app.Log, line => line.Text == "2 orders, 1 of them paid");
        Assert.Equal(12, app.Published.Count(message => message.Topic == "orders.created")); // By the customer, meanwhile.
    }

    private sealed class PoorCustomer : IBank
    {
        public Task TakeAsync(Order order, CancellationToken cancellationToken) => throw new CardDeclinedException(order.Id);
    }
}
