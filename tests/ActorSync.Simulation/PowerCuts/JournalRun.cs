using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.Wire;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Simulation.PowerCuts;

/// <summary>A run of the real journal: groups of enqueues in both lanes, acks, refusals, folding, a shift of stamps; each promise is written down as it is given.</summary>
internal sealed class JournalRun : IDisposable
{
    private readonly Random _random;
    private readonly World _world;
    private readonly CrashDisk _disk;
    private readonly JournalHost _host;
    private readonly List<NewOperation[]> _again = [];

    private JournalRun(int seed)
    {
        _random = new Random(seed);
        _world = new World(seed);
        _disk = new CrashDisk(DirectoryRule.Ext4Like, seed) { Log = Log };
        _host = new JournalHost(_world, _disk);
        Mark();
    }

    public Promises Promises { get; } = new();

    public List<DiskEvent> Log { get; } = [];

    public static JournalRun Record(int steps, int seed)
    {
        using var run = new JournalRun(seed);
        for (var step = 0; step < steps; step++)
        {
            run.Step();
        }

        return run;
    }

    /// <summary>
    /// A run in which the k-th call of a kind fails, so many times in a row; after each failure the journal is opened again, as its actor's parent does. At
    /// the end the power goes.
    /// </summary>
    public static (ImageVerdict Verdict, bool Fired) Fail(DiskCallKind kind, int k, int code, int times, int seed)
    {
        using var run = new JournalRun(seed);
        run._disk.FailAt(kind, k, code, times);
        for (var step = 0; step < 30; step++)
        {
            run.Step();
            run._host.AwaitUp();
        }

        var fired = run._disk.Faults > 0;
        run._world.Node.Kill();
        run._disk.PowerCut(new Random(seed));
        return (JournalImage.Verify(run._disk, run.Promises, run.Promises.Count), fired);
    }

    public void Dispose()
    {
        // The end is a power cut: nothing is closed properly.
        _world.Dispose();
        _disk.Dispose();
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

    private void Enqueue(int callers)
    {
        var groups = _again.Concat(Enumerable.Range(0, callers).Select(_ => NewGroup())).ToList();
        _again.Clear();
        var open = groups.Count;
        _world.At(TimeSpan.Zero, () => groups.ForEach(group => _ = HandIn(group, () => open--)));
        _world.RunUntil(() => open == 0, TimeSpan.FromSeconds(60));
    }

    private async Task HandIn(NewOperation[] group, Action done)
    {
        try
        {
            var accepted = await _host.Profile.EnqueueAsync(group).ConfigureAwait(false);
            foreach (var one in accepted)
            {
                Promises.Accepted(one.OperationId.ToString());
            }

            Mark();
        }
        catch (JournalUnavailableException)
        {
            // The caller hands the same operations in again, with their ids.
            _again.Add(group);
        }

        done();
    }

    private NewOperation[] NewGroup()
    {
        var group = new NewOperation[_random.Next(1, 6)];
        for (var i = 0; i < group.Length; i++)
        {
            var id = new byte[OperationId.Bytes];
            _random.NextBytes(id);
            group[i] = new NewOperation
            {
                OperationId = OperationId.FromBytes(id),
                Entity = "note",
                EntityId = $"n{_random.Next(12)}",
                Payload = "1"u8.ToArray(),
                Lane = _random.Next(3) == 0 ? Lane.Bulk : Lane.Priority,
            };
        }

        return group;
    }

    private void Settle(Lane lane)
    {
        if (
            _host.Ask<PassOpened>(to => new OpenPass(lane, to)) is not { } opened
            || _host.Ask<BatchRead>(to => new ReadBatch(lane, opened.Pass, _random.Next(1, 60), 1 << 20, to)) is not { Batch: { } batch }
        )
        {
            return;
        }

        var result = Judge(batch, out var refused);
        Mark();
        if (_host.Ask<BatchSettled>(to => new SettleBatch(lane, opened.Pass, batch, result, to)) is not null)
        {
            foreach (var one in result.Accepted)
            {
                Promises.Settled(batch.IdAt(one.Index).ToString(), dead: false);
            }

            if (refused >= 0)
            {
                Promises.Settled(batch.IdAt(refused).ToString(), dead: true);
            }

            Mark();
        }

        _host.Tell(to => new ReleaseBatch(lane, opened.Pass, batch, to));
    }

    private PushResult Judge(PushBatch batch, out int refused)
    {
        var accepted = ImmutableArray.CreateBuilder<PushResult.AcceptedOp>();
        var rejected = ImmutableArray.CreateBuilder<PushResult.RejectedOp>();
        refused = _random.Next(3) == 0 ? _random.Next(batch.Count) : -1;
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

        return new PushResult(accepted.ToImmutable(), rejected.ToImmutable(), 0, 0, null, null);
    }

    private void Maintain()
    {
        if (_random.Next(4) == 0 && _host.Ask<JournalCounts>(static to => new GetCounts(to)) is { } counts)
        {
            _host.Ask<Recovered>(to => new RecoverFromRegression(counts.Clock + _random.Next(1, 50), to));
        }
        else
        {
            _host.Ask<ReplicaDigested>(static to => new GetDigest(to));
        }
    }

    private void Mark() => Log.Add(new DiskEvent.Mark(Promises.Count));
}
