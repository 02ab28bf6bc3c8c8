using ActorSync.Journal.Sqlite;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>The row of the cursor, in memory as on disk: up to which id the log of one account at one hub is merged.</summary>
/// <remarks>Each write stands inside the caller's transaction.</remarks>
internal sealed class PullCursor
{
    /// <summary>What <c>needs_snapshot</c> says while the replica is another account's and on its way out.</summary>
    private const long Forgetting = 2;

    private readonly JournalTables _tables;
    private readonly Statement _save;

    public PullCursor(JournalTables tables)
    {
        _tables = tables;
        _save = tables.Db.Prepare("INSERT OR REPLACE INTO cursor (id, binding, position, head, needs_snapshot) VALUES (1, ?1, ?2, ?3, ?4)");
        using var load = tables.Db.Prepare("SELECT binding, position, head, needs_snapshot FROM cursor WHERE id = 1");
        if (load.Step())
        {
            (Binding, Position, Head, NeedsSnapshot) = (load.TextOrNull(0), load.Long(1), load.TextOrNull(2), load.Long(3) != 0);
            IsForgetting = load.Long(3) == Forgetting;
        }
    }

    public string? Binding { get; private set; }

    public long Position { get; private set; }

    public string? Head { get; private set; }

    public bool NeedsSnapshot { get; private set; } = true;

    /// <summary>What the replica holds is another account's, and going.</summary>
    public bool IsForgetting { get; private set; }

    /// <summary>Another account: until <see cref="Forgotten"/> nothing that is here is of the one to come.</summary>
    public void Leave()
    {
        ref var row = ref _tables.Row;
        (row.HubLastId, row.HubHead, row.ReceiptLamport, row.ReceiptAt) = (0, null, 0, null);
        row.HistoryEpoch++;
        (Binding, Position, Head, NeedsSnapshot, IsForgetting) = (null, 0, null, true, true);
        Save();
    }

    public void Forgotten()
    {
        IsForgetting = false;
        Save();
    }

    /// <summary>Another hub: no position and no pair of the old one means anything there.</summary>
    public void Bind(string binding)
    {
        ref var row = ref _tables.Row;
        if (Binding is not null)
        {
            (row.HubLastId, row.HubHead) = (0, null);
            row.HistoryEpoch++;
        }

        (Binding, Position, Head, NeedsSnapshot) = (binding, 0, null, true);
        Save();
    }

    public void Move(long position, string? head)
    {
        ref var row = ref _tables.Row;
        (Position, Head) = (position, head);
        if (head is not null && position > row.HubLastId)
        {
            (row.HubLastId, row.HubHead) = (position, head);
        }

        Save();
    }

    /// <summary>From now on no answer to what was read before is believed.</summary>
    public void Doubt()
    {
        _tables.Row.HistoryEpoch++;
        NeedsSnapshot = true;
        Save();
    }

    /// <summary>The hub's history is ours from here on, whatever was known before.</summary>
    public void Compared(SnapshotPoint point)
    {
        ref var row = ref _tables.Row;
        (Position, Head, NeedsSnapshot) = (point.Cursor, point.Head, false);
        (row.HubLastId, row.HubHead) = (point.Cursor, point.Head);
        row.HistoryEpoch++;
        Save();
    }

    public void ReadFromTheBeginning()
    {
        (Position, Head, NeedsSnapshot) = (0, null, false);
        Save();
    }

    /// <summary>
    /// An answer that the hub gave to a request with our pair told of new ids. When they begin right behind the position, all of them are our own:
    /// they need not be read.
    /// </summary>
    public void MoveOverOwn(long firstNew, long lastId, int count, string head)
    {
        if (Binding is not null && !NeedsSnapshot && firstNew == Position + 1 && lastId == Position + count)
        {
            (Position, Head) = (lastId, head);
            Save();
        }
    }

    private void Save()
    {
        var needs = NeedsSnapshot ? 1 : 0;
        _save.BindText(1, Binding).Bind(2, Position).BindText(3, Head).Bind(4, IsForgetting ? Forgetting : needs).Run();
    }
}
