using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit;
using ActorSync.Wire;
using Shouldly;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Model;

/// <summary>A random program against a journal, decided by a seed: several commands at once, replies checked against the model in their order.</summary>
internal sealed class JournalProgram : IDisposable
{
    private static readonly string[] Payloads = ["1", "\"text\"", "{\"a\":1,\"b\":\"x\"}", "{\"b\":null}", "[1,{\"a\":2}]", ""];

    private readonly Random _random;
    private readonly JournalRig _rig;
    private readonly JournalModel _model = new();
    private readonly Probe _driver;
    private readonly Queue<object> _replies = new();
    private readonly Queue<NewOperation[]> _enqueues = new();
    private readonly Queue<(PushBatch Batch, PushResult Result)> _settles = new();
    private readonly Queue<Action<long>> _changes = new();
    private readonly Queue<long> _shifts = new();
    private readonly Queue<ModelBatch> _releases = new();
    private readonly List<ModelBatch> _stale = [];
    private readonly int _keys;
    private bool _changed;
    private int _kills;

    public JournalProgram(int seed)
    {
        _random = new Random(seed);
        _keys = 1 + _random.Next(5);
        _rig = new JournalRig(
            seed,
            JournalRig.DefaultSettings with
            {
                FoldOperations = 1 + _random.Next(6),
            },
            stepRows: 1 + _random.Next(8)
        );
        _rig.Start();
        _driver = _rig.World.Probe("driver").Autopilot((message, _) => Take(message));
    }

    /// <summary>What was done, for the message of a failure.</summary>
    public List<string> Trace { get; } = [];

    public void Run(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            _changed = false;
            for (var i = 1 + _random.Next(3); i > 0; i--)
            {
                Command();
            }

            Finish(_random.Next(6) == 0 ? 150 : 10);
            if (_random.Next(12) == 0)
            {
                Reopen();
            }
        }

        Quiesce();
    }

    public void Dispose() => _rig.Dispose();

    private bool Take(object message)
    {
        _replies.Enqueue(message);
        return true;
    }

    private void Command()
    {
        switch (_random.Next(20))
        {
            case 0 or 1 or 2 or 3:
                Enqueue();
                break;
            case 4 or 5:
                Open(AnyLane());
                break;
            case 6 or 7 or 8 or 9:
                Read(AnyLane());
                break;
            case 10:
                Release(AnyLane());
                break;
            case 11:
                Hold(AnyLane());
                break;
            default:
                if (!_changed)
                {
                    _changed = true;
                    Change();
                }

                break;
        }
    }

    private void Change()
    {
        switch (_random.Next(16))
        {
            case 0:
                Say("retry all");
                _changes.Enqueue(count => _model.Retried(null, count));
                _rig.Port.Tell(new RetryDead(null, _driver.Ref));
                break;
            case 1 or 2 when Any(Fate.Dead) is { } dead:
                Say($"retry {dead}");
                _changes.Enqueue(count => _model.Retried(dead.Id, count));
                _rig.Port.Tell(new RetryDead(dead.Id, _driver.Ref));
                break;
            case 3 or 4 when Any(Fate.Dead) is { } dead:
                Say($"discard {dead}");
                _changes.Enqueue(count => _model.Discarded(dead.Id, count));
                _rig.Port.Tell(new DiscardDead(dead.Id, "no use", _driver.Ref));
                break;
            case 5 when Any(Fate.Waiting) is { } waiting:
                Say($"park {waiting}");
                _changes.Enqueue(count => _model.SetAside(waiting.Id, count));
                _rig.Port.Tell(new ParkOperation(waiting.Id, _driver.Ref));
                break;
            case 6 when _random.Next(8) == 0:
                Say("clear");
                _changes.Enqueue(_model.Cleared);
                _rig.Port.Tell(new ClearQueue(_driver.Ref));
                break;
            case 7 when _random.Next(2) == 0:
                var storedMax = _model.Clock + _random.Next(-3, 9);
                Say($"shift to {storedMax}");
                _shifts.Enqueue(storedMax);
                _rig.Port.Tell(new RecoverFromRegression(storedMax, _driver.Ref));
                Finish(10);
                break;
            case 8 when _stale.Count > 0:
                var late = _stale[_random.Next(_stale.Count)];
                _stale.Remove(late);
                Settle(late);
                break;
            default:
                var lane = _model.Out[_random.Next(2)];
                if (lane.Count > 0)
                {
                    Settle(lane[_random.Next(4) == 0 ? _random.Next(lane.Count) : 0]);
                }

                break;
        }
    }

    private void Enqueue()
    {
        var operations = new NewOperation[1 + _random.Next(4)];
        for (var i = 0; i < operations.Length; i++)
        {
            operations[i] = NewOperation();
        }

        if (!_changed && Any(Fate.Waiting) is { } again && _random.Next(8) == 0)
        {
            operations =
            [
                new NewOperation
                {
                    Entity = "thing",
                    EntityId = again.Key,
                    Field = again.Field,
                    Kind = again.Kind,
                    Payload = System.Text.Encoding.UTF8.GetBytes(again.Payload),
                    Lane = again.Lane,
                    OperationId = again.Id,
                },
            ];
        }

        Say($"enqueue {string.Join(", ", operations.Select(o => $"{o.EntityId} {o.Lane}"))}");
        _enqueues.Enqueue(operations);
        _rig.Port.Tell(new EnqueueMany([.. operations], null, _driver.Ref));
    }

    private NewOperation NewOperation() =>
        new()
        {
            Entity = "thing",
            EntityId = $"k{_random.Next(_keys)}",
            Field = _random.Next(3) == 0 ? "f" : null,
            Kind = (OperationKind)_random.Next(4),
            Payload = System.Text.Encoding.UTF8.GetBytes(Payloads[_random.Next(Payloads.Length)]),
            Lane = AnyLane(),
        };

    private void Open(Lane lane)
    {
        Say($"open {lane}");
        _rig.Port.Tell(new OpenPass(lane, _driver.Ref));
    }

    private void Read(Lane lane)
    {
        if (_model.Out[(int)lane].Count < 3)
        {
            var (most, bytes) = (1 + _random.Next(6), _random.Next(4) == 0 ? 700 : 1 << 20);
            Say($"read {lane} {most} {bytes}");
            _rig.Port.Tell(new ReadBatch(lane, _model.Pass[(int)lane], most, bytes, _driver.Ref));
        }
    }

    private void Release(Lane lane)
    {
        if (_model.Out[(int)lane] is { Count: > 0 } batches)
        {
            Release(batches[_random.Next(batches.Count)]);
        }
    }

    private void Release(ModelBatch batch)
    {
        Say($"release {Of(batch)}");
        _rig.Port.Tell(new ReleaseBatch(batch.Batch.Lane, batch.Pass, batch.Batch, _driver.Ref));
        // A release has no reply: the reply to a question behind it says when it was done.
        _releases.Enqueue(batch);
        _rig.Port.Tell(new GetCheckpoint("release", _driver.Ref));
    }

    private void Hold(Lane lane)
    {
        if (_model.Out[(int)lane] is { Count: > 0 } batches)
        {
            var batch = batches[_random.Next(batches.Count)];
            var index = _random.Next(batch.Rows.Count);
            Say($"hold {batch.Rows[index]}");
            _rig.Port.Tell(new HoldKey(lane, batch.Pass, batch.Batch, index, _driver.Ref));
        }
    }

    // A hub that keeps the order of a key: it takes a row only with all older ones, and blocks what comes behind one that it refuses.
    private void Settle(ModelBatch batch)
    {
        var whole = _random.Next(3) != 0;
        var from = whole ? 0 : _random.Next(batch.Rows.Count);
        var until = whole ? batch.Rows.Count : from + 1 + _random.Next(batch.Rows.Count - from);
        var mood = _random.Next(3);
        var accepted = new List<PushResult.AcceptedOp>();
        var rejected = new List<PushResult.RejectedOp>();
        var taken = new HashSet<ModelOperation>();
        var refused = new HashSet<ModelOperation>();
        for (var i = from; i < until; i++)
        {
            var row = batch.Rows[i];
            var older = _model.Operations.Take(row.Order).Where(other => other.Key == row.Key).ToList();
            var isBlocked = older.Exists(other => refused.Contains(other) || (other.Fate == Fate.Dead && !taken.Contains(other)));
            var mayGo = !isBlocked && older.TrueForAll(other => other.Fate is not Fate.Waiting || taken.Contains(other));
            if (mayGo && (mood == 0 || _random.Next(10) < 7))
            {
                var adopted = _random.Next(15) == 0 ? 1 + _random.Next((int)_model.Clock + 3) : batch.Batch.Rows[i].Lamport;
                accepted.Add(new PushResult.AcceptedOp(i, i + 1, adopted, false));
                taken.Add(row);
            }
            else if (isBlocked && _random.Next(3) > 0)
            {
                rejected.Add(new PushResult.RejectedOp(i, "blocked", "waits", "by"));
            }
            else if (mayGo && row.Fate is (Fate.Waiting or Fate.Dead) && mood == 1 && _random.Next(2) == 0)
            {
                rejected.Add(new PushResult.RejectedOp(i, "invalid_payload", "no", null));
                refused.Add(row);
            }
        }

        Say(
            $"settle {Of(batch)} accepted {string.Join(' ', accepted.Select(a => $"{batch.Rows[a.Index].Order}@{a.Lamport}"))} "
                + $"rejected {string.Join(' ', rejected.Select(r => $"{batch.Rows[r.Index].Order}:{r.Error[..3]}"))}"
        );
        var result = new PushResult([.. accepted], [.. rejected], 0, 0, null, null);
        _settles.Enqueue((batch.Batch, result));
        _rig.Port.Tell(new SettleBatch(batch.Batch.Lane, batch.Pass, batch.Batch, result, _driver.Ref));
    }

    private void Finish(int milliseconds)
    {
        _rig.World.Run(TimeSpan.FromMilliseconds(milliseconds));
        while (_replies.TryDequeue(out var reply))
        {
            Check(reply);
        }

        (_enqueues.Count + _settles.Count + _changes.Count + _shifts.Count).ShouldBe(0, "every command is answered");
    }

    private void Check(object reply)
    {
        switch (reply)
        {
            case Stored stored:
                foreach (var (operation, accepted) in _enqueues.Dequeue().Zip(stored.Accepted))
                {
                    _model.Accepted(operation, accepted);
                }

                break;
            case PassOpened opened:
                _stale.AddRange(_model.Out[(int)opened.Lane]);
                _model.Opened(opened);
                break;
            case BatchRead read:
                Say($"  got {(_model.Read(read) is { } batch ? Of(batch) : "nothing")}");
                break;
            case BatchSettled settled:
                var (settledBatch, result) = _settles.Dequeue();
                _model.Settled(settled, settledBatch, result);
                break;
            case Changed changed:
                _changes.Dequeue()(changed.Count);
                break;
            case SourceCheckpoint:
                var released = _releases.Dequeue();
                if (_model.Out[(int)released.Batch.Lane].Remove(released))
                {
                    _stale.Add(released);
                }

                break;
            case Recovered recovered:
                _model.Recovered(_shifts.Dequeue(), recovered);
                break;
            case JournalCounts counts:
                _model.CountsShouldBe(counts);
                break;
            default:
                throw new InvalidOperationException($"unexpected {reply}");
        }
    }

    private void Reopen()
    {
        Look();
        var copy = Path.Combine(_rig.Folder, "look.db");
        _rig.CopyTo(copy);
        _model.RowsShouldBe(JournalRecount.Of(copy));
        if (_random.Next(3) > 0)
        {
            Say(++_kills % 2 == 0 ? "crash" : "kill");
            foreach (var lane in _model.Out)
            {
                _stale.AddRange(lane);
                lane.Clear();
            }

            (_model.Pass[0], _model.Pass[1]) = (-1, -1);
            if (_kills % 2 == 0)
            {
                _rig.Crash();
            }
            else
            {
                _rig.Kill();
            }

            _rig.Start();
            Look();
        }
    }

    private void Look()
    {
        _rig.Port.Tell(new GetCounts(_driver.Ref));
        Finish(1);
    }

    // The hub takes all that it is given: what then stays is dead, or behind something dead; retried, all of it goes.
    private void Quiesce()
    {
        DrainBoth();
        foreach (var stuck in _model.Of(Fate.Waiting))
        {
            _model.Operations.ShouldContain(
                older => older.Key == stuck.Key && older.Order < stuck.Order && older.Fate == Fate.Dead,
                $"{stuck} stays for nothing"
            );
        }

        Say("retry all");
        _changes.Enqueue(count => _model.Retried(null, count));
        _rig.Port.Tell(new RetryDead(null, _driver.Ref));
        Finish(10);
        DrainBoth();
        _model.Of(Fate.Waiting).ShouldBeEmpty();
        Look();
        var counts = _rig.Counts();
        var digest = _rig.Digest();
        digest.Digest.ShouldBe(ModelReplica.Digest(_model.Of(Fate.Acked), "thing", counts.Device.Value), "the digest");
        var copy = Path.Combine(_rig.Folder, "end.db");
        _rig.CopyTo(copy);
        JournalRecount.Of(copy).ShouldAddUp().Rows.ShouldBeEmpty();
    }

    private void DrainBoth()
    {
        var lane = AnyLane();
        for (var idle = 0; idle < 4; lane = 1 - lane)
        {
            Open(lane);
            Finish(1);
            var before = _model.AckedEver;
            while (true)
            {
                Read(lane);
                Finish(5);
                if (_model.Out[(int)lane].FirstOrDefault() is not { } batch)
                {
                    break;
                }

                var result = JournalRig.AcceptAll(batch.Batch);
                Say($"settle all {Of(batch)}");
                _settles.Enqueue((batch.Batch, result));
                _rig.Port.Tell(new SettleBatch(lane, batch.Pass, batch.Batch, result, _driver.Ref));
                Finish(5);
                Release(batch);
                Finish(1);
            }

            idle = _model.AckedEver > before ? 0 : idle + 1;
        }
    }

    private static string Of(ModelBatch batch) => $"{batch.Batch.Lane}[{string.Join(' ', batch.Rows.Select(row => row.Order))}]";

    private ModelOperation? Any(Fate fate)
    {
        var all = _model.Of(fate).ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private Lane AnyLane() => (Lane)_random.Next(2);

    private void Say(string what) => Trace.Add(what);
}
