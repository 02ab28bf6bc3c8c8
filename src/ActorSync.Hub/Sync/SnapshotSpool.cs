using Microsoft.Win32.SafeHandles;

namespace ActorSync.Hub.Sync;

/// <summary>
/// A file that the store's thread writes a snapshot to while a caller is sent what is there already. So a slow caller holds a file, not the store and
/// not memory. The file goes with the last of the two.
/// </summary>
internal sealed class SnapshotSpool : IDisposable
{
    private const string Prefix = "snapshot-";
    private const string Suffix = ".tmp";
    private const int CopyBytes = 64 << 10;
    private const int WriterAndReader = 2;
    private static long _last;

    private readonly FileStream _file;
    private readonly Lock _gate = new();
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _owners = WriterAndReader;
    private long _written;
    private State _state = State.Growing;
    private bool _abandoned;

    /// <exception cref="IOException">The folder has no room, or may not be written.</exception>
    public SnapshotSpool(string directory)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose,
        };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        _file = new FileStream(Path.Combine(directory, $"{Prefix}{Interlocked.Increment(ref _last)}{Suffix}"), options);
    }

    private enum State
    {
        Growing,
        Whole,
        Broken,
    }

    /// <summary>Nobody reads it any more.</summary>
    public bool Abandoned
    {
        get
        {
            lock (_gate)
            {
                return _abandoned;
            }
        }
    }

    private SafeFileHandle Handle => _file.SafeFileHandle;

    /// <summary>Removes what a killed process left. Only whoever holds the folder's lock may.</summary>
    public static void Sweep(string directory)
    {
        foreach (var left in Directory.EnumerateFiles(directory, $"{Prefix}*{Suffix}"))
        {
            File.Delete(left);
        }
    }

    /// <exception cref="IOException">No room.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        RandomAccess.Write(Handle, bytes, _written);
        Move(State.Growing, bytes.Length);
    }

    public void Complete() => Move(State.Whole, 0);

    /// <summary>The writer's end: what is not complete then never will be.</summary>
    public void Dispose()
    {
        Move(State.Broken, 0);
        Release();
    }

    /// <summary>The reader's end.</summary>
    public void Abandon()
    {
        lock (_gate)
        {
            _abandoned = true;
        }

        Release();
    }

    /// <summary>Waits for the first byte. False when there will be none.</summary>
    public async Task<bool> BegunAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_written > 0 || _state != State.Growing)
                {
                    return _written > 0 && _state != State.Broken;
                }

                moved = _moved.Task;
            }

            await moved.WaitAsync(cancellation);
        }
    }

    /// <summary>Copies everything, as it comes.</summary>
    /// <exception cref="IOException">The writer gave up: what was copied is not whole.</exception>
    public async Task CopyToAsync(Stream to, CancellationToken cancellation)
    {
        var buffer = new byte[CopyBytes];
        var sent = 0L;
        while (true)
        {
            Task? moved = null;
            long written;
            lock (_gate)
            {
                written = _written;
                if (written == sent)
                {
                    switch (_state)
                    {
                        case State.Whole:
                            return;
                        case State.Broken:
                            throw new IOException("the snapshot could not be read to its end");
                        default:
                            moved = _moved.Task;
                            break;
                    }
                }
            }

            if (moved is not null)
            {
                await to.FlushAsync(cancellation);
                await moved.WaitAsync(cancellation);
                continue;
            }

            var read = await RandomAccess.ReadAsync(Handle, buffer, sent, cancellation);
            await to.WriteAsync(buffer.AsMemory(0, read), cancellation);
            sent += read;
        }
    }

    private void Move(State state, long bytes)
    {
        TaskCompletionSource moved;
        lock (_gate)
        {
            _written += bytes;
            _state = _state == State.Growing ? state : _state;
            moved = _moved;
            _moved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        moved.SetResult();
    }

    private void Release()
    {
        if (Interlocked.Decrement(ref _owners) == 0)
        {
            _file.Dispose();
        }
    }
}
