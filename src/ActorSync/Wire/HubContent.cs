using System.Net;

namespace ActorSync.Wire;

/// <summary>A request's body: JSON that is in memory already, written in pieces so that a stalled peer is noticed.</summary>
/// <remarks>It may be asked to write itself again, when a kept connection turns out to be closed.</remarks>
internal sealed class HubContent : HttpContent
{
    private const int Piece = 64 << 10;
    private readonly ReadOnlyMemory<byte> _body;
    private readonly HubDeadline _deadline;

    public HubContent(ReadOnlyMemory<byte> body, bool gzip, HubDeadline deadline)
    {
        (_body, _deadline) = (body, deadline);
        Headers.TryAddWithoutValidation("Content-Type", "application/json");
        if (gzip)
        {
            Headers.TryAddWithoutValidation("Content-Encoding", "gzip");
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _body.Length;
        return true;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _deadline.Sending();
        for (var rest = _body; !rest.IsEmpty; )
        {
            var piece = rest[..Math.Min(Piece, rest.Length)];
            await stream.WriteAsync(piece, cancellationToken).ConfigureAwait(false);
            _deadline.Moved(piece.Length);
            rest = rest[piece.Length..];
        }

        _deadline.Waiting();
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        stream.Write(_body.Span);
        _deadline.Waiting();
    }

    protected override Task<Stream> CreateContentReadStreamAsync() =>
        Task.FromResult<Stream>(CreateContentReadStream(CancellationToken.None));

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
    {
        var copy = new MemoryStream(_body.ToArray(), writable: false);
        _deadline.Waiting();
        return copy;
    }
}
