using SQLitePCL;

namespace ActorSync.TestKit.Disk;

/// <summary>A disk in memory that SQLite databases lie on, that can fail, and whose power can be cut.</summary>
/// <remarks>
/// <para><c>using var disk = new CrashDisk(DirectoryRule.Ext4Like);</c> registers a SQLite VFS named <see cref="Vfs"/>: give it to
/// <c>SyncPlatform.SqliteVfs</c>, or open <c>Data Source=file:/j.db?vfs=NAME</c>. Nothing touches a real file.</para>
/// <para><see cref="Kill"/> is a SIGKILL of whoever has files open: the files stay, the handles are dead. <see cref="PowerCut"/> also loses what was not
/// synced, by the rule. Both leave a disk that can be opened again at once. <see cref="Fault"/> decides over each call before it happens.</para>
/// <para>A path is known by what follows <see cref="Mount"/>, so that the next incarnation may live in another folder.</para>
/// </remarks>
internal sealed class CrashDisk : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Random _random;
    private readonly int _id;
    private DiskModel _model;
    private int _temporary;

    public CrashDisk(DirectoryRule rule, int seed = 0, IReadOnlyDictionary<string, byte[]>? files = null)
    {
        Batteries_V2.Init();
        _random = new Random(seed);
        _model = DiskModel.Of(rule, files ?? new Dictionary<string, byte[]>(StringComparer.Ordinal));
        (_id, Vfs) = CrashVfs.Register(this);
    }

    /// <summary>The name of this disk's VFS.</summary>
    public string Vfs { get; }

    /// <summary>Left off the front of paths.</summary>
    public string Mount { get; set; } = "";

    /// <summary>Asked before each call; anything but 0 is a SQLite result code with which the call fails, without effect.</summary>
    public Func<DiskCall, int>? Fault { get; set; }

    /// <summary>A disk that says it has synced and has not.</summary>
    public bool Lies { get; set; }

    /// <summary>Hears what happened to the disk; null for nobody.</summary>
    public List<DiskEvent>? Log { get; set; }

    /// <summary>What SQL's <c>CURRENT_TIMESTAMP</c> says.</summary>
    public Func<DateTimeOffset> Clock { get; set; } = static () => TimerQueue.Epoch;

    /// <summary>Calls so far, by kind.</summary>
    public long[] Calls { get; } = new long[Enum.GetValues<DiskCallKind>().Length];

    public long Faults { get; private set; }

    /// <summary>Changes with every kill and power cut; handles of an older one are dead.</summary>
    internal int Incarnation { get; private set; }

    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _model.Names.Sum(name => _model.Find(name)!.Length);
            }
        }
    }

    public IReadOnlyList<string> Files
    {
        get
        {
            lock (_gate)
            {
                return [.. _model.Names];
            }
        }
    }

    public void Kill()
    {
        lock (_gate)
        {
            Incarnation++;
            Fault = null;
        }
    }

    public void PowerCut(Random random)
    {
        lock (_gate)
        {
            Kill();
            _model = DiskModel.Of(_model.Rule, _model.Cut(random));
        }
    }

    /// <summary>A copy of all files as they are now, as a backup program would take it.</summary>
    public IReadOnlyDictionary<string, byte[]> Snapshot()
    {
        lock (_gate)
        {
            return _model.Snapshot();
        }
    }

    /// <summary>Somebody puts an older copy in place while nothing runs.</summary>
    public void Restore(IReadOnlyDictionary<string, byte[]> files)
    {
        lock (_gate)
        {
            Kill();
            _model = DiskModel.Of(_model.Rule, files);
        }
    }

    /// <summary>The k-th call of the kind from now on (1 is the next) fails with the code, and so do those after it until <paramref name="times"/> have.</summary>
    public void FailAt(DiskCallKind kind, int k, int code, int times = 1)
    {
        var seen = 0;
        Fault = call => call.Kind == kind && ++seen >= k && seen < k + times ? code : 0;
    }

    public void Dispose() => CrashVfs.Unregister(_id);

    internal (OpenHandle? Handle, int Code) Open(string? path, int flags)
    {
        lock (_gate)
        {
            var name = path is null ? $"#temporary-{++_temporary}" : NameOf(path);
            if (Check(DiskCallKind.Open, name) is var code and not 0)
            {
                return (null, code);
            }

            var inode = _model.Find(name);
            if (inode is null)
            {
                if ((flags & SqliteAbi.OpenCreate) == 0)
                {
                    return (null, SqliteAbi.CantOpen);
                }

                var journal = (flags & SqliteAbi.OpenJournals) != 0;
                inode = _model.Create(name, journal);
                Log?.Add(new DiskEvent.Create(name, journal));
            }

            return (new OpenHandle(this, name, inode, (flags & SqliteAbi.OpenDeleteOnClose) != 0), 0);
        }
    }

    internal int Delete(string path, bool syncDirectory)
    {
        lock (_gate)
        {
            var name = NameOf(path);
            if (Check(DiskCallKind.Delete, name) is var code and not 0)
            {
                return code;
            }

            if (_model.Find(name) is null)
            {
                return SqliteAbi.IoErrDeleteNoEnt;
            }

            _model.Delete(name, syncDirectory);
            Log?.Add(new DiskEvent.Delete(name, syncDirectory));
            return 0;
        }
    }

    internal bool Exists(string path)
    {
        lock (_gate)
        {
            return _model.Find(NameOf(path)) is not null;
        }
    }

    internal int Read(OpenHandle handle, long offset, Span<byte> destination)
    {
        lock (_gate)
        {
            if (Check(handle, DiskCallKind.Read) is var code and not 0)
            {
                return code;
            }

            var count = handle.Inode.Read(offset, destination);
            destination[count..].Clear();
            return count == destination.Length ? 0 : SqliteAbi.IoErrShortRead;
        }
    }

    internal int Write(OpenHandle handle, long offset, ReadOnlySpan<byte> data)
    {
        lock (_gate)
        {
            if (Check(handle, DiskCallKind.Write) is var code and not 0)
            {
                return code;
            }

            var bytes = data.ToArray();
            handle.Inode.Write(offset, bytes);
            Log?.Add(new DiskEvent.Write(handle.Name, offset, bytes));
            return 0;
        }
    }

    internal int Truncate(OpenHandle handle, long length)
    {
        lock (_gate)
        {
            if (Check(handle, DiskCallKind.Truncate) is var code and not 0)
            {
                return code;
            }

            handle.Inode.Truncate(length);
            Log?.Add(new DiskEvent.Truncate(handle.Name, length));
            return 0;
        }
    }

    internal int Sync(OpenHandle handle)
    {
        lock (_gate)
        {
            if (Check(handle, DiskCallKind.Sync) is var code and not 0)
            {
                if (handle.Incarnation == Incarnation)
                {
                    handle.Inode.FailSync(_random);
                }

                return code;
            }

            if (Lies)
            {
                return 0;
            }

            _model.Sync(handle.Inode);
            Log?.Add(new DiskEvent.Sync(handle.Name));
            return 0;
        }
    }

    internal long Length(OpenHandle handle)
    {
        lock (_gate)
        {
            return handle.Inode.Length;
        }
    }

    internal void Close(OpenHandle handle)
    {
        lock (_gate)
        {
            handle.Unlock(0);
            if (handle.DeleteOnClose && handle.Incarnation == Incarnation && _model.Find(handle.Name) is not null)
            {
                _model.Delete(handle.Name, syncsDirectory: false);
                Log?.Add(new DiskEvent.Delete(handle.Name, SyncsDirectory: false));
            }
        }
    }

    private string NameOf(string path) => path.StartsWith(Mount, StringComparison.Ordinal) ? path[Mount.Length..] : path;

    private int Check(OpenHandle handle, DiskCallKind kind) =>
        handle.Incarnation != Incarnation ? SqliteAbi.IoErr : Check(kind, handle.Name);

    private int Check(DiskCallKind kind, string name)
    {
        Calls[(int)kind]++;
        var code = Fault?.Invoke(new DiskCall(kind, name)) ?? 0;
        Faults += code == 0 ? 0 : 1;
        return code;
    }
}

public enum DiskCallKind
{
    Open,
    Delete,
    Read,
    Write,
    Truncate,
    Sync,
}

/// <param name="Name">The file's path behind the mount point.</param>
internal readonly record struct DiskCall(DiskCallKind Kind, string Name);
