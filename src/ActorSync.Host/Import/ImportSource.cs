using System.IO.Compression;
using System.Security.Cryptography;

namespace ActorSync.Host.Import;

/// <summary>A file of operations, known by the digest of its bytes. What cannot be read twice is copied to the data folder first.</summary>
internal sealed class ImportSource : IAsyncDisposable
{
    // What a copy of stdin leaves free on the disk, for the journal that the operations go to.
    private const long KeepFree = 256L << 20;
    private const int Buffer = 1 << 20;
    private readonly FileStream _file;

    private ImportSource(FileStream file, byte[] digest, bool gzip, long length)
    {
        _file = file;
        Digest = digest;
        Length = length;
        Content = gzip ? new GZipStream(file, CompressionMode.Decompress) : file;
    }

    /// <summary>SHA-256 of the file as it lies there, packed or not.</summary>
    public byte[] Digest { get; }

    /// <summary>The name of its progress in the journal.</summary>
    public string Name => $"file:{Convert.ToHexStringLower(Digest)}";

    /// <summary>Unpacked.</summary>
    public Stream Content { get; }

    public long Length { get; }

    /// <summary>How far the file itself has been read, for a progress bar.</summary>
    public long Position => _file.Position;

    /// <param name="file">A path, or <c>-</c> for stdin.</param>
    public static async Task<ImportSource> OpenAsync(string file, Func<Stream> openInput, DataFolder folder, CancellationToken cancellation)
    {
        if (file == "-")
        {
            await using var input = openInput();
            return await SpoolAsync(input, folder, cancellation);
        }

        FileStream stream;
        try
        {
            stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw Failures.Usage("FILE", $"cannot read {file}: {failure.Message}", "give the name of a readable file, or - for stdin");
        }

        if (stream.CanSeek)
        {
            return await OpenAsync(stream, stream.Length, cancellation);
        }

        await using (stream)
        {
            return await SpoolAsync(stream, folder, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Content.DisposeAsync();
        await _file.DisposeAsync();
    }

    private static async Task<ImportSource> OpenAsync(FileStream stream, long length, CancellationToken cancellation)
    {
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            var buffer = new byte[Buffer];
            var gzip = false;
            for (var first = true; ; first = false)
            {
                cancellation.ThrowIfCancellationRequested();
                var read = stream.Read(buffer);
                gzip |= first && buffer.AsSpan(0, read).StartsWith<byte>([0x1F, 0x8B]);
                if (read == 0)
                {
                    break;
                }

                hash.AppendData(buffer, 0, read);
            }

            stream.Position = 0;
            return new ImportSource(stream, hash.GetHashAndReset(), gzip, length);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static async Task<ImportSource> SpoolAsync(Stream input, DataFolder folder, CancellationToken cancellation)
    {
        DataFolder.CreatePrivate(folder.Path);
        DataFolder.CreatePrivate(folder.Spool);
        var path = Path.Combine(folder.Spool, $"{Environment.ProcessId}.ndjson");
        var options = new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Delete,
            Options = FileOptions.DeleteOnClose,
            BufferSize = 0,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        var spool = new FileStream(path, options);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                // The name goes at once, so that a kill leaves nothing; the open file stays.
                File.Delete(path);
            }

            await CopyAsync(input, spool, folder, cancellation);
            spool.Position = 0;
        }
        catch
        {
            await spool.DisposeAsync();
            throw;
        }

        return await OpenAsync(spool, spool.Length, cancellation);
    }

    private static async Task CopyAsync(Stream input, FileStream spool, DataFolder folder, CancellationToken cancellation)
    {
        var disk = new DriveInfo(folder.Spool);
        var buffer = new byte[Buffer];
        for (long copied = 0; ; )
        {
            var read = await input.ReadAsync(buffer, cancellation);
            if (read == 0)
            {
                return;
            }

            if (copied / (64 << 20) != (copied += read) / (64 << 20) && disk.AvailableFreeSpace < KeepFree)
            {
                throw new SyncException(
                    "disk_full",
                    $"stdin is longer than the disk of {folder.Path} can hold",
                    "make room, or import from a file, which needs no copy"
                );
            }

            await spool.WriteAsync(buffer.AsMemory(0, read), cancellation);
        }
    }
}
