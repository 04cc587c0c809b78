namespace RabbitTopics.Topology;

/// <summary>A queue of a subscription, and the topics that reach it.</summary>
/// <param name="ConnectionStringSetting">The setting that names the broker.</param>
/// <param name="Queue">The queue, declared durable.</param>
/// <param name="Bindings">What is bound to it.</param>
public sealed record QueueTopology(string ConnectionStringSetting, string Queue, IReadOnlyList<TopicBinding> Bindings);

/// <summary>One topic, or pattern of topics, on one exchange.</summary>
/// <param name="Exchange">The topic exchange.</param>
/// <param name="Topic">The binding key; <c>*</c> stands for one word, <c>#</c> for any number of words.</param>
public sealed record TopicBinding(string Exchange, string Topic);
