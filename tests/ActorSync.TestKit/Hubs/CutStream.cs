namespace ActorSync.TestKit.Hubs;

/// <summary>A body that ends too early, as a socket that was closed.</summary>
internal sealed class CutStream(byte[] body, int length) : MemoryStream(body, 0, length, writable: false)
{
    public override int Read(byte[] buffer, int offset, int count) => Broken(base.Read(buffer, offset, count));

    public override int Read(Span<byte> buffer) => Broken(base.Read(buffer));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer, offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(Read(buffer.Span));

    private static int Broken(int count) =>
        count > 0 ? count : throw new HttpIOException(HttpRequestError.ResponseEnded, "the answer ended in the middle");
}
