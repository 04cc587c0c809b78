namespace RabbitTopics.Benchmarks.Measuring;

/// <summary>What one round took, client side, on average.</summary>
/// <param name="MessagesPerSecond">Throughput.</param>
/// <param name="CpuMicroseconds">Processor time of this process for a message, user and kernel.</param>
/// <param name="AllocatedBytes">Managed memory allocated for a message.</param>
internal sealed record Measurement(double MessagesPerSecond, double CpuMicroseconds, double AllocatedBytes);
