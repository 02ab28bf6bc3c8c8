using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace ActorSync.Host.Hangar;

/// <summary>A folder with all below it: each file is an item <c>{"modified","path","sha256","size"}</c>, in the order of their paths. Links are not followed.</summary>
/// <remarks>What was read once is not read again while its size and time stay, so that a large folder is finished in several attempts.</remarks>
internal sealed class FolderSource(string root)
{
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        IgnoreInaccessible = false,
        AttributesToSkip = FileAttributes.ReparsePoint,
        ReturnSpecialDirectories = false,
    };

    private Dictionary<string, Known> _known = new(StringComparer.Ordinal);

    public async Task CaptureAsync(HangarCapture capture, CancellationToken cancellation)
    {
        var paths = new List<string>();
        try
        {
            foreach (var path in Directory.EnumerateFiles(root, "*", Everything))
            {
                cancellation.ThrowIfCancellationRequested();
                paths.Add(path);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            capture.Incomplete(failure.Message);
            return;
        }

        var names = paths.ConvertAll(path => (Path: path, Name: Path.GetRelativePath(root, path).Replace('\\', '/')));
        names.Sort(static (left, right) => string.CompareOrdinal(left.Name, right.Name));
        var kept = new Dictionary<string, Known>(StringComparer.Ordinal);
        foreach (var (path, name) in names)
        {
            if (await LookAsync(path, cancellation) is not { } seen)
            {
                capture.Incomplete($"{name} cannot be read, or is being written");
                continue;
            }

            kept[path] = seen;
            _known[path] = seen;
            capture.Add(Item(name, seen));
        }

        // What is gone is forgotten.
        _known = kept;
        capture.Complete();
    }

    /// <summary>Null when it cannot be read, or changed under the reading.</summary>
    private async Task<Known?> LookAsync(string path, CancellationToken cancellation)
    {
        try
        {
            var before = Facts(path);
            if (_known.TryGetValue(path, out var known) && known with { Sha256 = "" } == before)
            {
                return known;
            }

            await using var file = new FileStream(
                path,
                FileMode.Open,
                FileAccess.Read,
                FileShare.ReadWrite | FileShare.Delete,
                bufferSize: 128 << 10,
                useAsync: true
            );
            var hash = await SHA256.HashDataAsync(file, cancellation);
            return Facts(path) == before ? before with { Sha256 = Convert.ToHexStringLower(hash) } : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static Known Facts(string path)
    {
        var file = new FileInfo(path);
        return new Known(file.Length, file.LastWriteTimeUtc, "");
    }

    private static ReadOnlyMemory<byte> Item(string name, Known seen)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("modified", seen.Modified.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("path", name);
            json.WriteString("sha256", seen.Sha256);
            json.WriteNumber("size", seen.Size);
            json.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    private sealed record Known(long Size, DateTime Modified, string Sha256);
}
