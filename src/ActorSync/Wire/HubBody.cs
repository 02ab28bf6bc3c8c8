using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace ActorSync.Wire;

/// <summary>An answer's body, read whole and once. A large one stays in the pool's buffer; its lease gives that back.</summary>
/// <remarks>A buffer goes back only after a good end: a read that was cancelled might still write into it.</remarks>
internal readonly record struct HubBody(ReadOnlyMemory<byte> Bytes, BodyLease? Lease)
{
    private const int FirstGuess = 4 << 10;

    /// <summary>What is announced is believed up to here; more is fetched when it has come.</summary>
    private const int MostAtOnce = 256 << 10;

    /// <summary>From here on a fresh array would be a large object.</summary>
    private const int Large = 84_000;

    /// <summary>Null when the body is longer than <paramref name="bound"/>; the rest is not read then.</summary>
    /// <exception cref="EndOfStreamException">It is shorter than announced.</exception>
    public static async ValueTask<HubBody?> ReadAsync(HttpContent content, int bound, HubDeadline deadline)
    {
        var announced = content.Headers.ContentLength;
        if (announced > bound)
        {
            return null;
        }

        var stream = await content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(announced ?? 0, FirstGuess, MostAtOnce));
            var length = 0;
            while (length != announced)
            {
                Grow(ref buffer, length);
                var read = await stream.ReadAsync(buffer.AsMemory(length), deadline.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    return announced is null
                        ? Finish(buffer, length)
                        : throw new EndOfStreamException($"the body ended after {length} of {announced} bytes");
                }

                length += read;
                if (length > bound || length > announced)
                {
                    return null;
                }

                deadline.Moved(read);
            }

            return Finish(buffer, length);
        }
    }

    /// <summary>Undoes gzip. Null when what comes out is longer than <paramref name="bound"/>, however small it came in.</summary>
    /// <exception cref="InvalidDataException">It is no gzip, damaged, or not whole.</exception>
    public HubBody? Gunzip(int bound)
    {
        using var source = MemoryMarshal.TryGetArray(Bytes, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(Bytes.ToArray(), writable: false);
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(Bytes.Length * 2, FirstGuess, MostAtOnce));
        var length = 0;
        while (true)
        {
            Grow(ref buffer, length);
            var read = gzip.Read(buffer, length, buffer.Length - length);
            if (read == 0)
            {
                return IsWhole(Bytes.Span, length)
                    ? Finish(buffer, length)
                    : throw new InvalidDataException("the compressed body is not whole");
            }

            length += read;
            if (length > bound)
            {
                return null;
            }
        }
    }

    // GZipStream takes an early end for an end: the trailer's length tells.
    private static bool IsWhole(ReadOnlySpan<byte> packed, int length) =>
        packed.Length >= 18 && BinaryPrimitives.ReadInt32LittleEndian(packed[^4..]) == length;

    private static HubBody Finish(byte[] buffer, int length)
    {
        if (length >= Large)
        {
            return new HubBody(buffer.AsMemory(0, length), new BodyLease(buffer));
        }

        var body = length == 0 ? [] : buffer.AsSpan(0, length).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return new HubBody(body, Lease: null);
    }

    private static void Grow(ref byte[] buffer, int length)
    {
        if (length < buffer.Length)
        {
            return;
        }

        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
