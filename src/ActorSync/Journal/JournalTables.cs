using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Journal;

/// <summary>What the journal's parts share: the connection, the row of counters, the keys that are set aside, each lane's volatile reading.</summary>
/// <remarks>A failed transaction leaves the memory wrong; the actor then falls, and everything here is made anew from the file.</remarks>
internal sealed class JournalTables
{
    public JournalTables(SqliteDb db, SyncPlatform platform, JournalSettings settings)
    {
        (Db, Platform, Settings) = (db, platform, settings);
        Clock = new ClockTable(db);
        Lanes = [new LaneReading(Lane.Priority), new LaneReading(Lane.Bulk)];
        var installation = platform.Installation();
        if (Clock.Load() is { } known)
        {
            (Row, Device) = (known.Row, known.Device);
            if (known.Installation != installation)
            {
                Adopt(known.Device, installation);
            }
        }
        else
        {
            Device = NewDevice();
            db.InTransaction(() => Clock.Create(Device, installation));
            Row = Clock.Load()!.Value.Row;
        }

        Aside = new AsideKeys(db);
        foreach (var lane in Lanes)
        {
            if (Row.Pending(lane.Lane) == 0)
            {
                lane.Keys.Clear();
            }
        }
    }

    public SqliteDb Db { get; }

    public SyncPlatform Platform { get; }

    public JournalSettings Settings { get; }

    public ClockTable Clock { get; }

    public DeviceId Device { get; private set; }

    public AsideKeys Aside { get; }

    public LaneReading[] Lanes { get; }

    public ClockRow Row;

    public long NowMilliseconds => Platform.Time.GetUtcNow().ToUnixTimeMilliseconds();

    public LaneReading this[Lane lane] => Lanes[(int)lane];

    public LaneReading Other(Lane lane) => Lanes[1 - (int)lane];

    /// <summary>One transaction that ends with the counters.</summary>
    public void Write(Action work) =>
        Db.InTransaction(() =>
        {
            work();
            Clock.Save(Row);
        });

    private void Adopt(DeviceId old, string installation)
    {
        Device = NewDevice();
        Db.InTransaction(() => Clock.Adopt(Device, old, installation));
    }

    private DeviceId NewDevice()
    {
        Span<byte> bytes = stackalloc byte[16];
        Platform.Chance.Fill(bytes);
        bytes[6] = (byte)(0x40 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new DeviceId(new Guid(bytes, bigEndian: true).ToString("D"));
    }
}

/// <summary>What a lane's pass has read and not yet let go. Volatile: a new pass starts at the mark.</summary>
internal sealed class LaneReading(Lane lane)
{
    public Lane Lane => lane;

    public long Pass { get; private set; }

    /// <summary>The last row that was read.</summary>
    public long Position { get; set; }

    public List<PushBatch> Outstanding { get; } = [];

    /// <summary>Keys whose rows are skipped until the pass ends.</summary>
    public HashSet<EntityKey> Held { get; } = [];

    /// <summary>Which keys the lane may hold, for the other lane's sake.</summary>
    public KeyFilter Keys { get; } = new();

    /// <summary>A row was left out because its key was in flight in the other lane: it wants to be told when that is over.</summary>
    public bool Waiting { get; set; }

    public long Open(long mark)
    {
        Outstanding.Clear();
        Held.Clear();
        Position = mark;
        Waiting = false;
        return ++Pass;
    }
}

/// <summary>Keys with a dead operation: what comes after it in its entity is parked until it is retried and acked, or discarded.</summary>
internal sealed class AsideKeys
{
    private readonly Dictionary<EntityKey, OperationId> _heads = [];
    private readonly Dictionary<OperationId, EntityKey> _keys = [];

    public AsideKeys(SqliteDb db)
    {
        using var rows = db.Prepare(
            "SELECT operation_id, entity, entity_id, state, blocked_by FROM op_journal WHERE state IN (1, 2) ORDER BY seq"
        );
        while (rows.Step())
        {
            var key = EntityKey.Of(rows.Bytes(1), rows.Bytes(2));
            if (rows.Long(3) == (long)RowState.Dead)
            {
                Add(key, OperationId.FromBytes(rows.Bytes(0)));
            }
            else if (!rows.IsNull(4))
            {
                // Its head may have gone back to pending for a retry: the key stays aside until that is acked.
                Add(key, OperationId.FromBytes(rows.Bytes(4)));
            }
        }
    }

    public int Count => _heads.Count;

    /// <summary>The first dead operation of a key stays its head.</summary>
    public void Add(EntityKey key, OperationId head)
    {
        if (_heads.TryAdd(key, head))
        {
            _keys[head] = key;
        }
    }

    public bool TryGetHead(EntityKey key, out OperationId head) => _heads.TryGetValue(key, out head);

    public bool TryGetKey(OperationId head, out EntityKey key) => _keys.TryGetValue(head, out key);

    public void Remove(OperationId head)
    {
        if (_keys.Remove(head, out var key))
        {
            _heads.Remove(key);
        }
    }

    public void Clear()
    {
        _heads.Clear();
        _keys.Clear();
    }
}
