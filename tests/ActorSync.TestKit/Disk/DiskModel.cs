namespace ActorSync.TestKit.Disk;

/// <summary>What a power cut may do to directory entries.</summary>
public enum DirectoryRule
{
    /// <summary>Creates and deletes reach the disk in order, at the latest with the next sync of any file (a journalling file system).</summary>
    Ext4Like,

    /// <summary>Each create or delete is unsure until the directory itself is synced, in any order (all that POSIX promises).</summary>
    PosixMinimal,
}

/// <summary>Something that was done to a disk; a recorded list of them can be played into another model.</summary>
internal abstract record DiskEvent
{
    private DiskEvent() { }

    /// <param name="SyncsDirectory">SQLite's own VFS syncs the directory with the first sync of a journal or WAL that it created.</param>
    public sealed record Create(string Name, bool SyncsDirectory) : DiskEvent;

    public sealed record Write(string Name, long Offset, byte[] Data) : DiskEvent;

    public sealed record Truncate(string Name, long Length) : DiskEvent;

    public sealed record Sync(string Name) : DiskEvent;

    public sealed record Delete(string Name, bool SyncsDirectory) : DiskEvent;

    /// <summary>Not a disk operation: what the workload had been promised by now.</summary>
    public sealed record Mark(long Promised) : DiskEvent;
}

/// <summary>Files as processes see them, and what of them would survive a power cut. Pure but for the chance it is given.</summary>
internal sealed class DiskModel(DirectoryRule rule)
{
    private readonly SortedDictionary<string, Inode> _live = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, Inode> _durable = new(StringComparer.Ordinal);
    private readonly List<(string Name, Inode? Created)> _unsure = [];

    public DirectoryRule Rule => rule;

    public IEnumerable<string> Names => _live.Keys;

    public Inode? Find(string name) => _live.GetValueOrDefault(name);

    /// <summary>A disk on which these files lie, all of it durable.</summary>
    public static DiskModel Of(DirectoryRule rule, IReadOnlyDictionary<string, byte[]> files)
    {
        var model = new DiskModel(rule);
        foreach (var (name, bytes) in files)
        {
            var inode = new Inode(bytes);
            model._live[name] = inode;
            model._durable[name] = inode;
        }

        return model;
    }

    public void Apply(DiskEvent happened)
    {
        switch (happened)
        {
            case DiskEvent.Create create:
                Create(create.Name, create.SyncsDirectory);
                break;
            case DiskEvent.Write write:
                _live[write.Name].Write(write.Offset, write.Data);
                break;
            case DiskEvent.Truncate truncate:
                _live[truncate.Name].Truncate(truncate.Length);
                break;
            case DiskEvent.Sync sync:
                Sync(_live[sync.Name]);
                break;
            case DiskEvent.Delete delete:
                Delete(delete.Name, delete.SyncsDirectory);
                break;
        }
    }

    public Inode Create(string name, bool syncsDirectory)
    {
        var inode = new Inode([]) { SyncsDirectory = syncsDirectory };
        _live[name] = inode;
        _unsure.Add((name, inode));
        return inode;
    }

    public void Delete(string name, bool syncsDirectory)
    {
        _live.Remove(name);
        _unsure.Add((name, null));
        if (syncsDirectory)
        {
            SyncDirectory();
        }
    }

    public void Sync(Inode inode)
    {
        inode.Sync();
        if (rule == DirectoryRule.Ext4Like || inode.SyncsDirectory)
        {
            inode.SyncsDirectory = false;
            SyncDirectory();
        }
    }

    /// <summary>The files as a process sees them now.</summary>
    public SortedDictionary<string, byte[]> Snapshot() => Copy(_live, static inode => inode.Live());

    /// <summary>One of the images that a power cut at this instant may leave.</summary>
    public SortedDictionary<string, byte[]> Cut(Random random)
    {
        // A quarter of the cuts lose everything unsure, a tenth nothing; the rest anything in between.
        var keep = random.Next(20) switch
        {
            < 5 => 0.0,
            < 7 => 1.0,
            _ => random.NextDouble(),
        };
        var names = new SortedDictionary<string, Inode>(_durable, StringComparer.Ordinal);
        var inOrder = rule == DirectoryRule.Ext4Like;
        foreach (var (name, created) in _unsure)
        {
            if (random.NextDouble() < keep)
            {
                Enter(names, name, created);
            }
            else if (inOrder)
            {
                break;
            }
        }

        return Copy(names, inode => inode.Cut(random, keep));
    }

    private void SyncDirectory()
    {
        foreach (var (name, created) in _unsure)
        {
            Enter(_durable, name, created);
        }

        _unsure.Clear();
    }

    private static void Enter(SortedDictionary<string, Inode> names, string name, Inode? created)
    {
        if (created is null)
        {
            names.Remove(name);
        }
        else
        {
            names[name] = created;
        }
    }

    private static SortedDictionary<string, byte[]> Copy(SortedDictionary<string, Inode> names, Func<Inode, byte[]> content)
    {
        var copy = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var (name, inode) in names)
        {
            copy[name] = content(inode);
        }

        return copy;
    }
}
