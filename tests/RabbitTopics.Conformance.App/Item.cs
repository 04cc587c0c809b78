namespace RabbitTopics.Conformance.App;

public sealed record Item(int Id, string Text);
