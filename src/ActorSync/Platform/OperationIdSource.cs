using ActorSync.Model;

namespace ActorSync.Platform;

/// <summary>Gives operation ids: UUID version 7 (RFC 9562), ascending within a process also inside one millisecond.</summary>
internal sealed class OperationIdSource(TimeProvider time, IChance chance)
{
    private const int TailBytes = 7;
    private readonly byte[] _pool = new byte[TailBytes * 256];
    private readonly Lock _gate = new();
    private int _next = int.MaxValue;
    private long _lastMillisecond;
    private int _counter;

    /// <summary>48 bits of milliseconds, an 18-bit counter, 56 bits of chance.</summary>
    public OperationId Next()
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        lock (_gate)
        {
            var now = time.GetUtcNow().ToUnixTimeMilliseconds();
            if (now > _lastMillisecond)
            {
                (_lastMillisecond, _counter) = (now, 0);
            }
            else if (++_counter >= 1 << 18)
            {
                // The counter is spent, or the wall clock went back: borrow from the next millisecond.
                (_lastMillisecond, _counter) = (_lastMillisecond + 1, 0);
            }

            Write(id, _lastMillisecond, _counter);
            Tail(id[9..]);
        }

        return OperationId.FromBytes(id);
    }

    /// <summary>The id of a line of a file: the same for the same digest and line, ascending with the line.</summary>
    /// <param name="fileDigest">At least 12 bytes of the file's SHA-256.</param>
    /// <param name="line">1 or more.</param>
    public static OperationId ForLine(ReadOnlySpan<byte> fileDigest, long line)
    {
        // A millisecond of the year 2000 or later, taken from the digest, then the line: all lines of a file are neighbours in the index.
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        var era =
            946_684_800_000L
            + (
                (
                    (long)fileDigest[0] << 32
                    | (long)fileDigest[1] << 24
                    | (long)fileDigest[2] << 16
                    | (long)fileDigest[3] << 8
                    | fileDigest[4]
                ) & 0x7F_FFFF_FFFF
            );
        Write(id, era + (line >> 18), (int)(line & 0x3FFFF));
        fileDigest.Slice(5, TailBytes).CopyTo(id[9..]);
        return OperationId.FromBytes(id);
    }

    private static void Write(Span<byte> id, long millisecond, int counter)
    {
        for (var i = 0; i < 6; i++)
        {
            id[i] = (byte)(millisecond >> (40 - (8 * i)));
        }

        id[6] = (byte)(0x70 | ((counter >> 14) & 0x0F));
        id[7] = (byte)(counter >> 6);
        id[8] = (byte)(0x80 | (counter & 0x3F));
    }

    private void Tail(Span<byte> tail)
    {
        if (_next > _pool.Length - TailBytes)
        {
            chance.Fill(_pool);
            _next = 0;
        }

        _pool.AsSpan(_next, TailBytes).CopyTo(tail);
        _next += TailBytes;
    }
}
