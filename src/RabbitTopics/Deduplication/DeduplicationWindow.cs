using System.Collections.Concurrent;
using Microsoft.Extensions.Options;

namespace RabbitTopics.Deduplication;

/// <summary>The last ids of each handler, in memory.</summary>
internal sealed class DeduplicationWindow(IOptions<RabbitTopicsOptions> options) : IDeduplicationStore
{
    private readonly ConcurrentDictionary<string, Ids> _handlers = new(StringComparer.OrdinalIgnoreCase);

    public ValueTask<bool> ContainsAsync(string handler, string messageId, CancellationToken cancellationToken) =>
        new(_handlers.TryGetValue(handler, out var ids) && ids.Contains(messageId));

    public ValueTask AddAsync(string handler, string messageId, CancellationToken cancellationToken)
    {
        _handlers.GetOrAdd(handler, static _ => new Ids()).Add(messageId, options.Value.DeduplicationWindow);
        return default;
    }

    private sealed class Ids
    {
        private readonly HashSet<string> _known = [];
        private readonly Queue<string> _oldestFirst = new();

        public bool Contains(string id)
        {
            lock (_known)
            {
                return _known.Contains(id);
            }
        }

        public void Add(string id, int most)
        {
            lock (_known)
            {
                if (!_known.Add(id))
                {
                    return;
                }

                _oldestFirst.Enqueue(id);
                while (_oldestFirst.Count > most)
                {
                    _known.Remove(_oldestFirst.Dequeue());
                }
            }
        }
    }
}
