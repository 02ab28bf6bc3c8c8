using System.Runtime.InteropServices;

namespace ActorSync.TestKit.Disk;

/// <summary>One open file of one connection, with its locks.</summary>
internal sealed class OpenHandle(CrashDisk disk, string name, Inode inode, bool deleteOnClose)
{
    private readonly FileLocks _locks = FileLocks.Of(inode, disk.Incarnation);

    public CrashDisk Disk => disk;

    public string Name => name;

    public Inode Inode => inode;

    public bool DeleteOnClose => deleteOnClose;

    public int Incarnation { get; } = disk.Incarnation;

    /// <summary>0 none, 1 shared, 2 reserved, 3 pending, 4 exclusive.</summary>
    public int Level { get; set; }

    public int Lock(int level) => _locks.Lock(this, level);

    public void Unlock(int level) => _locks.Unlock(this, level);

    public bool IsReserved => _locks.IsReserved;

    public SharedMemory SharedMemory => _locks.Memory;
}

/// <summary>SQLite's five lock levels on one file, and its shared memory. Those of a killed process are simply forgotten.</summary>
internal sealed class FileLocks
{
    private static readonly System.Runtime.CompilerServices.ConditionalWeakTable<Inode, FileLocks> All = [];

    private readonly int _incarnation;
    private readonly List<OpenHandle> _holders = [];

    private FileLocks(int incarnation) => _incarnation = incarnation;

    public SharedMemory Memory { get; } = new();

    public bool IsReserved => _holders.Exists(static x => x.Level >= 2);

    public static FileLocks Of(Inode inode, int incarnation)
    {
        lock (All)
        {
            if (All.TryGetValue(inode, out var known) && known._incarnation == incarnation)
            {
                return known;
            }

            var fresh = new FileLocks(incarnation);
            All.AddOrUpdate(inode, fresh);
            return fresh;
        }
    }

    public int Lock(OpenHandle handle, int level)
    {
        lock (_holders)
        {
            if (handle.Level >= level)
            {
                return SqliteAbi.Ok;
            }

            var others = _holders.Where(x => x != handle).Select(static x => x.Level).DefaultIfEmpty(0).Max();
            var granted = level switch
            {
                1 => others < 3,
                2 => others < 2,
                _ => others == 0,
            };
            if (!granted)
            {
                return SqliteAbi.Busy;
            }

            if (handle.Level == 0)
            {
                _holders.Add(handle);
            }

            handle.Level = level;
            return SqliteAbi.Ok;
        }
    }

    public void Unlock(OpenHandle handle, int level)
    {
        lock (_holders)
        {
            handle.Level = Math.Min(handle.Level, level);
            if (handle.Level == 0)
            {
                _holders.Remove(handle);
            }
        }
    }
}

/// <summary>The memory that connections of one database share in WAL mode.</summary>
internal sealed unsafe class SharedMemory
{
    private const int Slots = 8;

    private readonly Lock _gate = new();
    private readonly List<nint> _regions = [];
    private readonly int[] _shared = new int[Slots];
    private readonly OpenHandle?[] _exclusive = new OpenHandle?[Slots];
    private readonly HashSet<OpenHandle> _users = [];

    public void* Map(OpenHandle handle, int region, int size, bool extend)
    {
        lock (_gate)
        {
            _users.Add(handle);
            while (_regions.Count <= region && extend)
            {
                _regions.Add((nint)NativeMemory.AllocZeroed((nuint)size));
            }

            return region < _regions.Count ? (void*)_regions[region] : null;
        }
    }

    public int Lock(OpenHandle handle, int offset, int count, int flags)
    {
        lock (_gate)
        {
            var exclusive = (flags & SqliteAbi.ShmExclusive) != 0;
            for (var i = offset; i < offset + count; i++)
            {
                if ((flags & SqliteAbi.ShmUnlock) == 0 && (_exclusive[i] is not null || (exclusive && _shared[i] > 0)))
                {
                    return SqliteAbi.Busy;
                }
            }

            for (var i = offset; i < offset + count; i++)
            {
                if (exclusive)
                {
                    _exclusive[i] = (flags & SqliteAbi.ShmUnlock) == 0 ? handle : null;
                }
                else
                {
                    _shared[i] += (flags & SqliteAbi.ShmUnlock) == 0 ? 1 : -1;
                }
            }

            return SqliteAbi.Ok;
        }
    }

    public void Unmap(OpenHandle handle)
    {
        lock (_gate)
        {
            if (_users.Remove(handle) && _users.Count == 0)
            {
                _regions.ForEach(static region => NativeMemory.Free((void*)region));
                _regions.Clear();
            }
        }
    }
}
