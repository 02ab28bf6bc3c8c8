using System.Buffers;

namespace ActorSync.Wire;

/// <summary>A body's buffer out of the pool. An answer of a full push is a large object, and a fresh one each time costs full collections.</summary>
internal sealed class BodyLease(byte[] buffer)
{
    private byte[]? _buffer = buffer;

    public void Return()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } spent)
        {
            ArrayPool<byte>.Shared.Return(spent);
        }
    }
}
