using RabbitTopics.Messages;

namespace RabbitTopics.StandaloneWorker.Binding;

/// <summary>The types that a body is given as without reading it.</summary>
internal static class BodyTypes
{
    public static bool AreBytesOrText(Type type) =>
        type == typeof(string) || type == typeof(byte[]) || type == typeof(ReadOnlyMemory<byte>);

    /// <summary>The envelope types, which are bound by RabbitTopics.Functions.</summary>
    public static bool IsEnvelope(Type type) => type.IsAssignableTo(typeof(TopicMessage));
}
