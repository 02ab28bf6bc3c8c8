using ActorSync.Model;
using ActorSync.Wire;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Model;

/// <summary>What a program may do, and how its hub answers.</summary>
internal sealed partial class JournalProgram
{
    private static readonly string[] Payloads = ["1", "\"text\"", "{\"a\":1,\"b\":\"x\"}", "{\"b\":null}", "[1,{\"a\":2}]", ""];

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
                Finish(10);
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
                Finish(10);
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

    private static string Of(ModelBatch batch) => $"{batch.Batch.Lane}[{string.Join(' ', batch.Rows.Select(row => row.Order))}]";

    private ModelOperation? Any(Fate fate)
    {
        var all = _model.Of(fate).ToList();
        return all.Count == 0 ? null : all[_random.Next(all.Count)];
    }

    private Lane AnyLane() => (Lane)_random.Next(2);

    private void Say(string what) => Trace.Add(what);
}
