namespace OrdersApp;

/// <summary>Topic <c>orders.created</c>.</summary>
public sealed record Order(long Id, decimal Total);

/// <summary>Topic <c>orders.paid</c>.</summary>
public sealed record OrderPaid(long Id, decimal Total);

/// <summary>Topic <c>orders.reminder</c>.</summary>
public sealed record PaymentReminder(long Id);
