using System.Buffers;

namespace RabbitTopics.Messages;

/// <summary>The body of a delivery, in a buffer that is used again once the message is done, unless somebody was given it to keep: what a
/// handler sees never changes under it.</summary>
internal sealed class PooledBody
{
    /// <summary>What <see cref="_users"/> is when the buffer was given back.</summary>
    private const int GivenBack = -1;

    private const int SmallLength = 64 * 1024;

    /// <summary>The shared pool keeps some dozens of arrays, fewer than are prefetched. This one keeps 64 MiB at the most.</summary>
    private static readonly ArrayPool<byte> Small = ArrayPool<byte>.Create(SmallLength, maxArraysPerBucket: 512);

    private readonly byte[] _buffer;
    private readonly int _length;

    /// <summary>Those who read the buffer, and those who keep it, who never leave.</summary>
    private int _users;

    private PooledBody(byte[] buffer, int length) => (_buffer, _length) = (buffer, length);

    /// <summary>Copies a body: the client uses the memory of its own again as soon as its callback returns.</summary>
    public static PooledBody Copy(ReadOnlyMemory<byte> body)
    {
        var buffer = Pool(body.Length).Rent(body.Length);
        body.CopyTo(buffer);
        return new(buffer, body.Length);
    }

    /// <summary>The body, for somebody who may keep it. The buffer is not used again.</summary>
    /// <exception cref="InvalidOperationException">The message is done, and nobody kept its body.</exception>
    public ReadOnlyMemory<byte> Keep()
    {
        Enter();
        return _buffer.AsMemory(0, _length);
    }

    /// <summary>Makes something of the body that does not refer to it.</summary>
    /// <exception cref="InvalidOperationException">The message is done, and nobody kept its body.</exception>
    public TResult Read<TArgument, TResult>(TArgument argument, Func<ReadOnlyMemory<byte>, TArgument, TResult> read)
    {
        Enter();
        try
        {
            return read(_buffer.AsMemory(0, _length), argument);
        }
        finally
        {
            Interlocked.Decrement(ref _users);
        }
    }

    /// <summary>Gives the buffer back, unless somebody keeps or reads it.</summary>
    public void Release()
    {
        if (Interlocked.CompareExchange(ref _users, GivenBack, 0) == 0)
        {
            Pool(_buffer.Length).Return(_buffer);
        }
    }

    private static ArrayPool<byte> Pool(int length) => length <= SmallLength ? Small : ArrayPool<byte>.Shared;

    private void Enter()
    {
        for (var users = Volatile.Read(ref _users); ; users = Volatile.Read(ref _users))
        {
            if (users == GivenBack)
            {
                throw new InvalidOperationException("The message was handled and its body is gone. Ask for the TopicMessage, or for the body, before the function ends.");
            }

            if (Interlocked.CompareExchange(ref _users, users + 1, users) == users)
            {
                return;
            }
        }
    }
}
