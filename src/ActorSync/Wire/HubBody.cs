using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.Runtime.InteropServices;

namespace ActorSync.Wire;

/// <summary>Reads an answer's body whole, within its bound, into one array of its own.</summary>
internal static class HubBody
{
    private const int FirstGuess = 4 << 10;

    /// <summary>Null when the body is longer than <paramref name="bound"/>; the rest is not read then.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpContent content, int bound, HubDeadline deadline)
    {
        var announced = content.Headers.ContentLength;
        if (announced > bound)
        {
            return null;
        }

        var stream = await content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            return announced is { } length
                ? await ReadExactAsync(stream, (int)length, deadline).ConfigureAwait(false)
                : await ReadToEndAsync(stream, bound, deadline).ConfigureAwait(false);
        }
    }

    /// <summary>Undoes gzip. Null when what comes out is longer than <paramref name="bound"/>, however small it came in.</summary>
    /// <exception cref="InvalidDataException">It is no gzip, damaged, or not whole.</exception>
    public static ReadOnlyMemory<byte>? Gunzip(ReadOnlyMemory<byte> packed, int bound)
    {
        using var source = MemoryMarshal.TryGetArray(packed, out var array)
            ? new MemoryStream(array.Array!, array.Offset, array.Count, writable: false)
            : new MemoryStream(packed.ToArray(), writable: false);
        using var gzip = new GZipStream(source, CompressionMode.Decompress);
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Max(FirstGuess, packed.Length));
        try
        {
            var length = 0;
            while (true)
            {
                var read = gzip.Read(buffer, length, buffer.Length - length);
                if (read == 0)
                {
                    // GZipStream takes an early end for an end: the trailer's length tells.
                    return IsWhole(packed.Span, length)
                        ? buffer.AsSpan(0, length).ToArray()
                        : throw new InvalidDataException("the compressed body is not whole");
                }

                length += read;
                if (length > bound)
                {
                    return null;
                }

                Grow(ref buffer, length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool IsWhole(ReadOnlySpan<byte> packed, int length) =>
        packed.Length >= 18 && BinaryPrimitives.ReadInt32LittleEndian(packed[^4..]) == length;

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadExactAsync(Stream stream, int length, HubDeadline deadline)
    {
        var body = length == 0 ? [] : GC.AllocateUninitializedArray<byte>(length);
        var done = 0;
        while (done < length)
        {
            var read = await stream.ReadAsync(body.AsMemory(done), deadline.Token).ConfigureAwait(false);
            if (read == 0)
            {
                throw new EndOfStreamException($"the body ended after {done} of {length} bytes");
            }

            done += read;
            deadline.Moved(read);
        }

        return body;
    }

    private static async ValueTask<ReadOnlyMemory<byte>?> ReadToEndAsync(Stream stream, int bound, HubDeadline deadline)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(FirstGuess);
        try
        {
            var length = 0;
            while (true)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(length), deadline.Token).ConfigureAwait(false);
                if (read == 0)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                length += read;
                if (length > bound)
                {
                    return null;
                }

                deadline.Moved(read);
                Grow(ref buffer, length);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
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
