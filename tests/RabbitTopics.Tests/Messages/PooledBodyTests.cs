using System.Text;
using RabbitTopics.Messages;

namespace RabbitTopics.Tests.Messages;

public sealed class PooledBodyTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(64 * 1024)]
    [InlineData(70_000)]
    public void A_body_that_was_given_to_keep_stays_as_it_was_whatever_comes_later(int length)
    {
        var sent = Filled((byte)'a', length);
        var body = PooledBody.Copy(sent);
        var kept = body.Keep();
        body.Release();

        for (var later = 0; later < 20; later++)
        {
            PooledBody.Copy(Filled((byte)'b', length)).Release();
        }

        Assert.Equal(sent, kept.ToArray());
    }

    [Fact]
    public void A_buffer_that_nobody_keeps_is_used_again()
    {
        for (var message = 0; message < 100; message++)
        {
            Use();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var message = 0; message < 1000; message++)
        {
            Use();
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000 * 4096); // Of 32 KiB each; what is left is not the buffers.

        static void Use()
        {
            var body = PooledBody.Copy(Array.Empty<byte>());
            body.Release();
            body = PooledBody.Copy(Large);
            Assert.Equal(Large.Length, body.Read(0, static (bytes, _) => bytes.Length));
            body.Release();
        }
    }

    [Fact]
    public void A_body_is_not_given_back_while_it_is_read()
    {
        var body = PooledBody.Copy(Encoding.UTF8.GetBytes("first"));

        var text = body.Read(body, static (bytes, reading) =>
        {
            reading.Release();
            PooledBody.Copy(Encoding.UTF8.GetBytes("other"));
            return Encoding.UTF8.GetString(bytes.Span);
        });

        Assert.Equal("first", text);
    }

    [Fact]
    public void A_body_that_is_asked_for_after_it_was_given_back_is_an_error_that_says_what_to_do()
    {
        var body = PooledBody.Copy(Encoding.UTF8.GetBytes("x"));
        body.Release();

        var error = Assert.Throws<InvalidOperationException>(() => body.Keep());
        Assert.Contains("before the function ends", error.Message);
        Assert.Throws<InvalidOperationException>(() => body.Read(0, static (bytes, _) => bytes.Length));
    }

    private static readonly byte[] Large = Filled((byte)'l', 32 * 1024);

    private static byte[] Filled(byte with, int length)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(with);
        return bytes;
    }
}
