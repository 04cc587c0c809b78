namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>A contender did not do its work, so that its figures mean nothing.</summary>
internal sealed class CaseFailedException(string reason) : Exception(reason);
