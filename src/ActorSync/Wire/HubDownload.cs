using System.IO.Compression;
using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>What came of a call whose answer is read as it comes.</summary>
internal abstract record HubOpening
{
    private HubOpening() { }

    /// <summary>200 and JSON; the body is still to be read.</summary>
    public sealed record Opened(IHubDownload Body) : HubOpening;

    /// <summary>Anything else, read whole.</summary>
    public sealed record Said(HubReply Reply) : HubOpening;
}

/// <summary>A body that is read in pieces, at the reader's pace. Disposing it ends the connection when the body was not read to its end.</summary>
internal interface IHubDownload : IDisposable
{
    /// <summary>The next piece. Throws only <see cref="OperationCanceledException"/>, and only when the call was cancelled.</summary>
    Task<HubPiece> ReadAsync();
}

internal abstract record HubPiece
{
    private HubPiece() { }

    /// <param name="Bytes">Good until the next read.</param>
    public sealed record Data(ReadOnlyMemory<byte> Bytes) : HubPiece;

    public sealed record End : HubPiece
    {
        public static readonly End Instance = new();
    }

    public sealed record Failed(HubFailure Failure) : HubPiece;
}

/// <summary>The body of an HTTP response, unpacked, within the deadlines of its call.</summary>
internal sealed class HubDownload(HttpResponseMessage response, Stream body, HubDeadline deadline, CancellationToken caller) : IHubDownload
{
    private const int PieceBytes = 64 << 10;

    private readonly byte[] _buffer = new byte[PieceBytes];

    /// <summary>Null when the answer is packed in a way that we did not ask for.</summary>
    public static async Task<HubDownload?> OpenAsync(HttpResponseMessage response, HubDeadline deadline, CancellationToken caller)
    {
        var encodings = response.Content.Headers.ContentEncoding;
        var gzip = encodings.Count == 1 && encodings.Contains("gzip");
        if (encodings.Count > 0 && !gzip)
        {
            return null;
        }

        var raw = await response.Content.ReadAsStreamAsync(deadline.Token).ConfigureAwait(false);
        var body = gzip ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        return new HubDownload(response, body, deadline, caller);
    }

    public async Task<HubPiece> ReadAsync()
    {
        try
        {
            var read = await body.ReadAsync(_buffer, deadline.Token).ConfigureAwait(false);
            deadline.Moved(Math.Max(read, HubDeadline.Progress));
            return read == 0 ? HubPiece.End.Instance : new HubPiece.Data(_buffer.AsMemory(0, read));
        }
        catch (Exception) when (caller.IsCancellationRequested)
        {
            throw new OperationCanceledException(caller);
        }
        catch (Exception error)
        {
            return new HubPiece.Failed(
                deadline.Token.IsCancellationRequested
                    ? Failures.Make(deadline.Code)
                    : ErrorClassifier.Classify(error, CancellationToken.None)
            );
        }
    }

    public void Dispose()
    {
        body.Dispose();
        response.Dispose();
        deadline.Dispose();
    }
}
