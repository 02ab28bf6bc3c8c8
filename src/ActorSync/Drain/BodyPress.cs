using System.IO.Compression;

namespace ActorSync.Drain;

/// <summary>Compresses bodies for one lane: two buffers, one in flight and one being filled, used again and again.</summary>
internal sealed class BodyPress
{
    /// <summary>Below this gzip wins nothing worth its head and tail.</summary>
    public const int Threshold = 1024;

    private readonly Stack<MemoryStream> _free = new();

    public PressedBody Press(ReadOnlyMemory<byte> body, bool gzip)
    {
        if (!gzip || body.Length < Threshold)
        {
            return new PressedBody(body, Gzip: false, Buffer: null);
        }

        var buffer = _free.TryPop(out var free) ? free : new MemoryStream(body.Length / 2);
        buffer.SetLength(0);
        using (var stream = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
        {
            stream.Write(body.Span);
        }

        return new PressedBody(buffer.GetBuffer().AsMemory(0, (int)buffer.Length), Gzip: true, buffer);
    }

    /// <summary>Only when no request can still be reading it.</summary>
    public void Return(PressedBody body)
    {
        if (body.Buffer is { } buffer && _free.Count < 2)
        {
            _free.Push(buffer);
        }
    }
}

internal readonly record struct PressedBody(ReadOnlyMemory<byte> Body, bool Gzip, MemoryStream? Buffer);
