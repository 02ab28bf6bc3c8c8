using System.IO.Compression;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ActorSync.Hub.Http;

/// <summary>Reads bodies, never more than is allowed: of one body after decompression, and of all bodies together.</summary>
internal sealed class RequestBody(HubLimits limits)
{
    private const int FirstBytes = 16 << 10;
    private long _buffered;

    /// <summary>The body, inflated; or the answer that refuses it. The buffer is the caller's to dispose.</summary>
    public async Task<(Lease? Body, HubAnswer? Refusal)> ReadAsync(HttpContext context, int most)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString().Trim();
        var gzip = encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase);
        if (!gzip && encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
        {
            return (null, HubAnswer.Error(415, "unsupported_encoding", "Content-Encoding: send gzip or nothing", close: true));
        }

        if (context.Request.ContentLength is { } announced && announced > most)
        {
            return (null, TooLarge(most, close: !IsPassedOver(context, announced, most)));
        }

        var sent = new Lease(this);
        try
        {
            var refusal = await FillAsync(context.Request.Body, sent, most, context.RequestAborted);
            if (refusal is not null || !gzip)
            {
                return Result(sent, refusal);
            }

            return Inflate(sent, most);
        }
        catch
        {
            sent.Dispose();
            throw;
        }
    }

    private (Lease? Body, HubAnswer? Refusal) Inflate(Lease sent, int most)
    {
        var plain = new Lease(this);
        try
        {
            using var source = new GZipStream(new ReadOnlyMemoryStream(sent.Written), CompressionMode.Decompress);
            while (true)
            {
                if (!plain.Grow(most))
                {
                    return Result(plain, Busy());
                }

                var read = source.Read(plain.Free.Span);
                if (read == 0)
                {
                    return Result(plain, null);
                }

                plain.Length += read;
                if (plain.Length > most)
                {
                    return Result(plain, TooLarge(most));
                }
            }
        }
        catch (InvalidDataException)
        {
            return Result(plain, HubAnswer.Invalid("the body is not gzip, though Content-Encoding says so"));
        }
        finally
        {
            sent.Dispose();
        }
    }

    private static async Task<HubAnswer?> FillAsync(Stream source, Lease into, int most, CancellationToken cancellation)
    {
        while (true)
        {
            if (!into.Grow(most))
            {
                return Busy();
            }

            var read = await source.ReadAsync(into.Free, cancellation);
            if (read == 0)
            {
                return null;
            }

            into.Length += read;
            if (into.Length > most)
            {
                return TooLarge(most);
            }
        }
    }

    private static (Lease?, HubAnswer?) Result(Lease lease, HubAnswer? refusal)
    {
        if (refusal is null)
        {
            return (lease, null);
        }

        lease.Dispose();
        return (null, refusal);
    }

    /// <summary>
    /// A body that is somewhat too large is read and thrown away behind the answer. Who is cut off while sending sees a broken connection and not the 413.
    /// </summary>
    private static bool IsPassedOver(HttpContext context, long announced, int most)
    {
        if (announced > 4L * most || context.Features.Get<IHttpMaxRequestBodySizeFeature>() is not { IsReadOnly: false } limit)
        {
            return false;
        }

        limit.MaxRequestBodySize = announced;
        return true;
    }

    private static HubAnswer TooLarge(int most, bool close = true) =>
        HubAnswer.Error(
            413,
            "too_large",
            $"the body is over {most} bytes after decompression",
            json => json.WriteNumber("limit_bytes"u8, most),
            close: close
        );

    private static HubAnswer Busy() =>
        HubAnswer.Error(503, "unavailable", "too many bodies are being read", retryAfter: TimeSpan.FromSeconds(1), close: true);

    /// <summary>A pooled buffer that is counted while it is held.</summary>
    internal sealed class Lease(RequestBody owner) : IDisposable
    {
        private byte[] _bytes = [];

        public int Length { get; set; }

        public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

        public Memory<byte> Free => _bytes.AsMemory(Length);

        /// <summary>Makes room for one byte at least, up to one more than <paramref name="most"/>. False when all bodies together are too many.</summary>
        public bool Grow(int most)
        {
            if (Length < _bytes.Length)
            {
                return true;
            }

            var size = Math.Max(FirstBytes, (int)Math.Min(2L * _bytes.Length, most + 1L));
            var grown = System.Buffers.ArrayPool<byte>.Shared.Rent(Math.Max(size, Length + 1));
            if (Interlocked.Add(ref owner._buffered, grown.Length - _bytes.Length) > owner.Most)
            {
                Interlocked.Add(ref owner._buffered, _bytes.Length - grown.Length);
                System.Buffers.ArrayPool<byte>.Shared.Return(grown);
                return false;
            }

            _bytes.AsSpan(0, Length).CopyTo(grown);
            Return();
            _bytes = grown;
            return true;
        }

        public void Dispose()
        {
            Interlocked.Add(ref owner._buffered, -_bytes.Length);
            Return();
            _bytes = [];
        }

        private void Return()
        {
            if (_bytes.Length > 0)
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(_bytes);
            }
        }
    }

    private long Most => limits.BufferedBytes;
}

/// <summary>Reads memory as a stream, without copying it.</summary>
file sealed class ReadOnlyMemoryStream(ReadOnlyMemory<byte> memory) : Stream
{
    private int _at;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => memory.Length;

    public override long Position
    {
        get => _at;
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var part = memory.Span[_at..];
        part = part[..Math.Min(part.Length, buffer.Length)];
        part.CopyTo(buffer);
        _at += part.Length;
        return part.Length;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
