using System.Text.RegularExpressions;
using RabbitMQ.Client.Events;

namespace RabbitTopics.Connections;

/// <summary>Finds the permission that a refused user (403) lacks: the broker names the resource, and before 3.11 not the
/// permission (https://www.rabbitmq.com/docs/access-control#authorisation).</summary>
internal static partial class AccessRefusal
{
    private const int Exchange = 40; // AMQP 0-9-1: class and method ids.
    private const int Queue = 50;
    private const int QueueDeclare = 10;
    private const int Basic = 60;
    private const int BasicPublish = 40;

    /// <summary>What the broker said, with the permission where it is one that is missing.</summary>
    public static string Describe(ShutdownEventArgs reason)
    {
        var text = reason.ReplyText.TrimEnd('.');
        return reason.ReplyCode == 403 && Resource().Match(text) is { Success: true } match
            ? $"{text}. The user lacks the permission {Permission(reason, match.Groups["kind"].Value)} on {match.Groups["kind"].Value} '{match.Groups["name"].Value}'"
            : text;
    }

    private static string Permission(ShutdownEventArgs reason, string kind) => (reason.ClassId, reason.MethodId, kind) switch
    {
        (Exchange, _, _) => "'configure'",
        (Queue, QueueDeclare, "queue") => "'configure' (or 'read', for a queue that dead-letters)",
        (Queue, QueueDeclare, _) => "'write' (to dead-letter to it)",
        (Queue, _, "queue") => "'write' (to bind it)",
        (Queue, _, _) => "'read' (to bind to it)",
        (Basic, BasicPublish, _) => "'write'",
        _ => "'read'",
    };

    [GeneratedRegex("access to (?<kind>queue|exchange|topic) '(?<name>[^']*)'")]
    private static partial Regex Resource();
}
