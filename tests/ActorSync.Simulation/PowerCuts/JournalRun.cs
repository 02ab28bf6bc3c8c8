using System.Collections.Immutable;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.Wire;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>A run of the real journal on a recording disk: groups of enqueues in both lanes, acks, refusals, folding, a shift of stamps.</summary>
internal sealed class JournalRun
{
    public const string Path = "/journal.db";

    private readonly Random _random;
    private readonly CrashDisk _disk;
    private JournalStore _store;
    private readonly List<DiskEvent> _log = [];
    private readonly List<Member> _again = [];

    private JournalRun(string synchronous, int seed)
    {
        _random = new Random(seed);
        _disk = new CrashDisk(DirectoryRule.Ext4Like) { Log = _log };
        _store = Open(_disk);
        if (synchronous != "EXTRA")
        {
            // Behind the journal's back: it opens with nothing less.
            _store.Tables.Db.Execute($"PRAGMA synchronous = {synchronous}");
        }

        Mark();
    }

    public static JournalSettings Settings { get; } =
        SyncOptionsReader.Read("/nowhere").Journal with
        {
            CheckpointPages = 40,
            FoldOperations = 50,
        };

    public Promises Promises { get; } = new();

    public IReadOnlyList<DiskEvent> Log => _log;

    public static JournalRun Record(string synchronous, int steps, int seed)
    {
        var run = new JournalRun(synchronous, seed);
        for (var step = 0; step < steps; step++)
        {
            run.Step();
        }

        // The end is a power cut too: nothing is closed properly.
        run._disk.Kill();
        run._store.Dispose();
        run._disk.Dispose();
        return run;
    }

    /// <summary>
    /// A run in which the k-th call of a kind fails, so many times in a row; after each failure the journal is opened again, as its actor's parent does. At
    /// the end the power goes.
    /// </summary>
    public static (ImageVerdict Verdict, bool Fired) Fail(DiskCallKind kind, int k, int code, int times, int seed)
    {
        var run = new JournalRun("EXTRA", seed);
        using var disk = run._disk;
        run._disk.FailAt(kind, k, code, times);
        for (var step = 0; step < 30; step++)
        {
            try
            {
                run.Step();
            }
            catch (SqliteFailure)
            {
                run.OpenAgain();
            }
        }

        var fired = disk.Faults > 0;
        disk.PowerCut(new Random(seed));
        run._store.Dispose();
        return (JournalImage.Verify(disk, run.Promises, run.Promises.Count), fired);
    }

    public static JournalStore Open(CrashDisk disk)
    {
        var platform = new SyncPlatform
        {
            Time = new StillTime(),
            Chance = new SeededChance(1),
            SqliteVfs = disk.Vfs,
            Installation = static () => "here",
        };
        return new JournalStore(Path, Settings, platform, new JournalStatistics());
    }

    private void OpenAgain()
    {
        _store.Dispose();
        for (var tries = 0; tries < 20; tries++)
        {
            try
            {
                _store = Open(_disk);
                return;
            }
            catch (SqliteFailure)
            {
                // The fault goes on; the parent's backoff tries again.
            }
        }

        throw new InvalidOperationException("the journal does not open again");
    }

    private void Step()
    {
        switch (_random.Next(10))
        {
            case < 6:
                Enqueue(_random.Next(1, 12));
                break;
            case < 9:
                Settle(_random.Next(2) == 0 ? Lane.Priority : Lane.Bulk);
                break;
            default:
                Maintain();
                break;
        }
    }

    private void Enqueue(int members)
    {
        _again.ForEach(_store.Group.Add);
        _again.Clear();
        for (var i = 0; i < members; i++)
        {
            var operations = new Intake[_random.Next(1, 6)];
            for (var j = 0; j < operations.Length; j++)
            {
                var id = new byte[OperationId.Bytes];
                _random.NextBytes(id);
                var operation = new NewOperation
                {
                    Entity = "note",
                    EntityId = $"n{_random.Next(12)}",
                    Payload = new byte[] { (byte)'1' },
                    Lane = _random.Next(3) == 0 ? Lane.Bulk : Lane.Priority,
                };
                operations[j] = new Intake(operation, OperationId.FromBytes(id), operation.Payload);
            }

            _store.Group.Add(new Member(operations, Stored, _again.Add));
        }

        _store.Group.Commit();
    }

    private void Stored(ReadOnlySpan<Accepted> accepted)
    {
        foreach (var one in accepted)
        {
            Promises.Accepted(one.OperationId.ToString());
        }

        Mark();
    }

    private void Settle(Lane lane)
    {
        _store.Tables[lane].Open(_store.Tables.Row.Mark(lane));
        PushBatch? batch = null;
        foreach (var _ in _store.Reader.Read(lane, _random.Next(1, 60), 1 << 20, read => batch = read))
        {
            // Each step is only a pause.
        }

        if (batch is null)
        {
            return;
        }

        var accepted = ImmutableArray.CreateBuilder<PushResult.AcceptedOp>();
        var rejected = ImmutableArray.CreateBuilder<PushResult.RejectedOp>();
        var refused = _random.Next(3) == 0 ? _random.Next(batch.Count) : -1;
        for (var i = 0; i < batch.Count; i++)
        {
            if (i == refused)
            {
                rejected.Add(new PushResult.RejectedOp(i, "invalid_payload", "no", null));
            }
            else if (refused >= 0 && i > refused && batch.KeyAt(i) == batch.KeyAt(refused))
            {
                rejected.Add(new PushResult.RejectedOp(i, "blocked", "waits", batch.IdAt(refused).ToString()));
                continue;
            }
            else
            {
                accepted.Add(new PushResult.AcceptedOp(i, i + 1, batch.Rows[i].Lamport, Duplicate: false));
            }

            Promises.Offered(batch.IdAt(i).ToString());
        }

        Mark();
        _store.Settle(batch, new PushResult(accepted.ToImmutable(), rejected.ToImmutable(), 0, 0, null, null), []);
        foreach (var one in accepted)
        {
            Promises.Settled(batch.IdAt(one.Index).ToString(), dead: false);
        }

        if (refused >= 0)
        {
            Promises.Settled(batch.IdAt(refused).ToString(), dead: true);
        }

        Mark();
        _store.Reader.Release(batch);
    }

    private void Maintain()
    {
        if (_random.Next(4) == 0)
        {
            _store.BeginShift(_store.Tables.Row.Lamport + _random.Next(1, 50));
            foreach (var _ in _store.Shift())
            {
                // In chunks.
            }
        }
        else
        {
            _store.Replica.Fold(Settings.FoldOperations);
        }
    }

    private void Mark() => _log.Add(new DiskEvent.Mark(Promises.Count));

    private delegate void OnStored(ReadOnlySpan<Accepted> accepted);

    private sealed class Member(Intake[] operations, OnStored stored, Action<Member> failed) : IGroupMember
    {
        public int Count => operations.Length;

        public ReadOnlySpan<Intake> Operations => operations;

        public JournalProtocol.SourceCheckpoint? Checkpoint => null;

        public void Store(ReadOnlySpan<Accepted> accepted) => stored(accepted);

        public void Refuse(SyncException reason, int index) => throw reason;

        // The caller hands the same operations in again, with their ids.
        public void Fail(JournalProtocol.Unavailable why) => failed(this);
    }
}
