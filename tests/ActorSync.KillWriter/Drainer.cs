using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.KillWriter;

/// <summary>Settles a lane with answers of every kind. Says which rows it is about to settle, then what came of them.</summary>
internal sealed class Drainer(Lane lane, JournalPort port, Report report, int seed) : UntypedActor
{
    private readonly Random _random = new(seed);
    private PushBatch? _batch;
    private PushResult? _result;
    private long _pass;

    protected override void PreStart() => port.Tell(new OpenPass(lane, Self));

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case PassOpened opened:
                _pass = opened.Pass;
                Read();
                break;
            case BatchRead { Batch: null }:
                Between();
                break;
            case BatchRead { Batch: { } batch }:
                Settle(batch);
                break;
            case BatchSettled:
                Settled();
                break;
            case Changed or ReplicaDigested:
                port.Tell(new OpenPass(lane, Self));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Read() => port.Tell(new ReadBatch(lane, _pass, 1 + _random.Next(40), 1 << 20, Self));

    // A key's later rows are blocked behind one that is refused, as a hub does it.
    private void Settle(PushBatch batch)
    {
        var (accepted, rejected) = (new List<PushResult.AcceptedOp>(), new List<PushResult.RejectedOp>());
        var refused = new HashSet<int>();
        for (var i = 0; i < batch.Count; i++)
        {
            if (refused.Contains(batch.KeyAt(i)))
            {
                rejected.Add(new PushResult.RejectedOp(i, "blocked", "waits", null));
            }
            else if (_random.Next(40) == 0)
            {
                refused.Add(batch.KeyAt(i));
                rejected.Add(new PushResult.RejectedOp(i, "invalid_payload", "no", null));
            }
            else
            {
                accepted.Add(new PushResult.AcceptedOp(i, i + 1, batch.Rows[i].Lamport, false));
            }
        }

        (_batch, _result) = (batch, new PushResult([.. accepted], [.. rejected], 0, 0, null, null));
        for (var i = 0; i < batch.Count; i++)
        {
            report.Line($"s {batch.IdAt(i)}");
        }

        port.Tell(new SettleBatch(lane, _pass, batch, _result, Self));
    }

    private void Settled()
    {
        foreach (var accepted in _result!.Accepted)
        {
            report.Line($"a {_batch!.IdAt(accepted.Index)}");
        }

        foreach (var rejected in _result.Rejected)
        {
            if (rejected.Error != "blocked")
            {
                report.Line($"d {_batch!.IdAt(rejected.Index)}");
            }
        }

        port.Tell(new ReleaseBatch(lane, _pass, _batch!, Self));
        Read();
    }

    private void Between()
    {
        if (_random.Next(4) == 0)
        {
            report.Line("x");
            port.Tell(new RetryDead(null, Self));
        }
        else if (_random.Next(3) == 0)
        {
            port.Tell(new GetDigest(Self));
        }
        else
        {
            port.Tell(new OpenPass(lane, Self));
        }
    }
}
