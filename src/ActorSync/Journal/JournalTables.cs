using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Journal;

/// <summary>What the journal's parts share: the connection, the row of counters, the keys that are set aside, each lane's volatile reading.</summary>
/// <remarks>A failed transaction leaves the memory wrong; the actor then falls, and everything here is made anew from the file.</remarks>
internal sealed class JournalTables
{
    public JournalTables(SqliteDb db, SyncPlatform platform, JournalSettings settings, int stepRows)
    {
        (Db, Platform, Settings, StepRows) = (db, platform, settings, stepRows);
        Clock = new ClockTable(db);
        Lanes = [new LaneReading(Lane.Priority), new LaneReading(Lane.Bulk)];
        var installation = platform.Installation();
        if (Clock.Load() is { } known)
        {
            (Row, Device) = (known.Row, known.Device);
            Verify();
            if (known.Installation != installation)
            {
                Adopt(known.Device, installation);
            }
        }
        else
        {
            Verify();
            Device = NewDevice();
            db.InTransaction(() => Clock.Create(Device, installation));
            Row = Clock.Load()!.Value.Row;
        }

        Aside = new AsideKeys(db, Row);
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

    /// <summary>Rows looked at, or moved, between two other messages of the journal.</summary>
    public int StepRows { get; }

    public ClockTable Clock { get; }

    public DeviceId Device { get; private set; }

    public AsideKeys Aside { get; }

    public LaneReading[] Lanes { get; }

    /// <summary>Moves with everything that may change which rows can be sent, beside acks: a plan made before is made again.</summary>
    public int Unrest { get; set; }

    public ClockRow Row;

    public long NowMilliseconds => Platform.Time.GetUtcNow().ToUnixTimeMilliseconds();

    public LaneReading this[Lane lane] => Lanes[(int)lane];

    public LaneReading Other(Lane lane) => Lanes[1 - (int)lane];

    /// <summary>Pages of the file that hold nothing.</summary>
    public long FreeBytes => Db.QueryLong("PRAGMA freelist_count") * JournalFile.PageBytes;

    /// <summary>One transaction that ends with the counters.</summary>
    public void Write(Action work) =>
        Db.InTransaction(() =>
        {
            work();
            Clock.Save(Row);
        });

    /// <summary>Batches that are out were read from a queue that has changed: their rows are booked one by one.</summary>
    public void Disturb()
    {
        Unrest++;
        foreach (var lane in Lanes)
        {
            lane.Outstanding.ForEach(batch => batch.Disturbed = true);
            lane.StopWaiting();
        }
    }

    /// <summary>The file's counters do not fit its rows: some of it is lost.</summary>
    public static SqliteFailure Contradiction(string what) => new(SqliteFailure.Corrupt, what, "a look at the counters");

    // A row that was lost with its page shows here before a number is given twice. No more than a few pages are read.
    private void Verify()
    {
        var highest = Db.QueryLong("SELECT max(seq) FROM op_journal");
        var next = Math.Max(Row.NextSeq, 1);
        if (highest >= next || Row.MarkPriority >= next || Row.MarkBulk >= next)
        {
            throw Contradiction(
                $"the next row is {next} by the counters, and there is row {Math.Max(highest, Math.Max(Row.MarkPriority, Row.MarkBulk))}"
            );
        }

        if (
            Row
            is { PendingPriority: < 0 }
                or { PendingBulk: < 0 }
                or { Parked: < 0 }
                or { Dead: < 0 }
                or { Unfolded: < 0 }
                or { Lamport: < 0 }
        )
        {
            throw Contradiction("a counter is below zero");
        }
    }

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
