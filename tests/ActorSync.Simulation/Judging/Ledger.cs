namespace ActorSync.Simulation.Judging;

/// <summary>What the app knows of one operation that it handed in.</summary>
public sealed class Entry
{
    /// <summary>Stands in the payload: the hub's rows tell by it which of the app's changes they are, whatever id they carry.</summary>
    public required int Number { get; init; }

    public required string Id { get; init; }

    public required string Entity { get; init; }

    /// <summary>Which device the app wrote it on.</summary>
    public required int Device { get; init; }

    public required string Lane { get; init; }

    /// <summary>What of its entity it changes; decided by its number.</summary>
    public EntryWrites Writes =>
        (Number % 7) switch
        {
            5 when Number % 2 == 0 => EntryWrites.Deletion,
            1 => EntryWrites.Note,
            _ => EntryWrites.Number,
        };

    /// <summary>The hub does not like it until it is told to.</summary>
    public bool Poison { get; init; }

    /// <summary>When the app was told that it is on disk; null when it never was.</summary>
    public TimeSpan? AcceptedAt { get; set; }

    /// <summary>An older copy of the journal was put back: the promise went with the newer one.</summary>
    public bool Forgotten { get; set; }

    /// <summary>The hub's disk was put back to before it had this one.</summary>
    public bool LostByHub { get; set; }

    /// <summary>A person gave it up.</summary>
    public bool Discarded { get; set; }
}

/// <summary>The registers that the apps of a world write.</summary>
public enum EntryWrites
{
    /// <summary>Among others the one that holds the operation's number.</summary>
    Number,
    Note,
    Deletion,
}

/// <summary>Everything that was handed in, in the order of each entity.</summary>
public sealed class Ledger
{
    private readonly Dictionary<string, Entry> _byId = new(StringComparer.Ordinal);

    public List<Entry> Entries { get; } = [];

    public Entry? Find(string id) => _byId.GetValueOrDefault(id);

    public void Add(Entry entry)
    {
        Entries.Add(entry);
        _byId[entry.Id] = entry;
    }
}
