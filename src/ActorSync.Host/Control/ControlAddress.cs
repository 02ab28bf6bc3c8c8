using System.IO.Pipes;
using System.Net.Sockets;
using System.Text;

namespace ActorSync.Host.Control;

/// <summary>Where the host of a data folder listens: a Unix domain socket, on Windows a named pipe.</summary>
/// <param name="Name">The socket's path, or the pipe's name.</param>
internal sealed record ControlAddress(string Name)
{
    // sun_path holds 104 bytes on the BSDs, 108 on Linux, with a NUL at its end.
    private const int MaxSocketPath = 103;
    private const string SocketFile = "control.sock";

    // Holds the socket's path when the data folder's own is too long for a socket.
    private const string PointerFile = "control.path";
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The address that a host of this folder takes; makes what folder it needs.</summary>
    public static ControlAddress Claim(DataFolder folder, Func<string, string?> variable)
    {
        if (OperatingSystem.IsWindows())
        {
            return Pipe(folder);
        }

        var pointer = Path.Combine(folder.Path, PointerFile);
        var inFolder = Path.Combine(folder.Path, SocketFile);
        if (Encoding.UTF8.GetByteCount(inFolder) <= MaxSocketPath)
        {
            File.Delete(pointer);
            return new ControlAddress(inFolder);
        }

        var runtime = variable("XDG_RUNTIME_DIR") is { Length: > 0 } set ? set : Path.GetTempPath();
        var shortFolder = Path.Combine(runtime, $"actorsync-{folder.ShortName}");
        var shortPath = Path.Combine(shortFolder, SocketFile);
        if (Encoding.UTF8.GetByteCount(shortPath) > MaxSocketPath)
        {
            shortFolder = Path.Combine("/tmp", $"actorsync-{folder.ShortName}");
            shortPath = Path.Combine(shortFolder, SocketFile);
        }

        // In a folder that all may write to, somebody else may have made this one first: ours is 0700, and another's 0700 we could not use.
        DataFolder.CreatePrivate(shortFolder);
        const UnixFileMode others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if ((File.GetUnixFileMode(shortFolder) & others) != UnixFileMode.None)
        {
            throw new SyncException(
                "control_address",
                $"{shortFolder} is open to others",
                "remove that folder, set XDG_RUNTIME_DIR, or choose a shorter --data"
            );
        }

        WritePrivate(pointer, shortPath);
        return new ControlAddress(shortPath);
    }

    /// <summary>Where a host would listen, or null when there is no trace of one.</summary>
    public static ControlAddress? Find(DataFolder folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return Pipe(folder);
        }

        var pointer = Path.Combine(folder.Path, PointerFile);
        if (File.Exists(pointer))
        {
            return new ControlAddress(File.ReadAllText(pointer).Trim());
        }

        var socket = Path.Combine(folder.Path, SocketFile);
        return Encoding.UTF8.GetByteCount(socket) <= MaxSocketPath && File.Exists(socket) ? new ControlAddress(socket) : null;
    }

    public async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows())
        {
            var pipe = new NamedPipeClientStream(".", Name, PipeDirection.InOut, PipeOptions.Asynchronous | PipeOptions.CurrentUserOnly);
            try
            {
                // A pipe that is not there is waited for; a moment is enough for one that is.
                await pipe.ConnectAsync(TimeSpan.FromMilliseconds(200), cancellation);
                return pipe;
            }
            catch
            {
                await pipe.DisposeAsync();
                throw;
            }
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            deadline.CancelAfter(ConnectTimeout);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Name), deadline.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"nobody answers at {Name}", late);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Takes away the socket of a process that is gone.</summary>
    /// <exception cref="SyncException">Somebody listens there: another host of this folder.</exception>
    public async Task RemoveStaleAsync(DataFolder folder, CancellationToken cancellation)
    {
        if (OperatingSystem.IsWindows() || !File.Exists(Name))
        {
            return;
        }

        try
        {
            await using var somebody = await ConnectAsync(cancellation);
        }
        catch (SocketException)
        {
            File.Delete(Name);
            return;
        }

        throw Failures.FolderInUse(folder.Path, "another host, which answers on its control socket");
    }

    public void Remove(DataFolder folder)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.Delete(Name);
            File.Delete(Path.Combine(folder.Path, PointerFile));
        }
    }

    private static ControlAddress Pipe(DataFolder folder) => new($"actorsync-{folder.ShortName}");

    private static void WritePrivate(string path, string text)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
        file.Write(Encoding.UTF8.GetBytes(text));
    }
}
