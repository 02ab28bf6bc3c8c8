using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.TestKit;
using ActorSync.Wire;
using Shouldly;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Model;

/// <summary>A random program against a journal, decided by a seed: several commands at once, replies checked against the model in their order.</summary>
internal sealed partial class JournalProgram : IDisposable
{
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
}
