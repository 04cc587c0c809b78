namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>A case did not do its work, so that its figures mean nothing.</summary>
internal sealed class CaseFailedException(string name, string reason) : Exception($"FAILED {name}: {reason}");
