using ActorSync.Hangar;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Hangar.HangarProtocol;

namespace ActorSync.Runtime;

/// <summary>The hangar's place in a profile: makes it again when the table says so, and keeps what it said from one incarnation to the next.</summary>
internal sealed class HangarKeeper
{
    private readonly TimeProvider _time;
    private SyncProtocol.SyncReport? _sync;
    private HangarReport? _said;
    private CredentialGeneration? _refused;

    public HangarKeeper(TimeProvider time, Func<Func<HangarStart>, ChildKeeper> keeper)
    {
        _time = time;
        Keeper = keeper(() => new HangarStart(_sync, _said));
    }

    public ChildKeeper Keeper { get; }

    public HangarKept Kept => new(Keeper.View);

    /// <summary>Another credential is another chance.</summary>
    public void Take(SyncProtocol.SyncReport report)
    {
        _sync = report;
        if (Keeper.Ref is null && _said is { Activity: HangarActivity.Stopped } && report.Generation != _refused)
        {
            _said = _said with { NextAt = _time.Now() };
            Keeper.Start();
        }
        else
        {
            Keeper.Ref?.Tell(report);
        }
    }

    public void Take(HangarReport report) => _said = report;

    public void Take(SyncProtocol.CredentialDoubted doubted) => _refused = doubted.Generation;

    /// <summary>False when nobody is there to answer and nobody may be made.</summary>
    public bool Take(PushHangar push)
    {
        if (Keeper.Ref is null && _said is not null)
        {
            Keeper.Start();
        }

        Keeper.Ref?.Forward(push);
        return Keeper.Ref is not null;
    }

    /// <summary>It was refused by the hub, and has ended: until its own next time.</summary>
    public void Refused()
    {
        var wait = (_said?.NextAt?.Steady ?? TimeSpan.Zero) - _time.Now().Steady;
        Keeper.RetryIn(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
        if (_sync is { } sync)
        {
            Take(sync); // the credential may have changed while it was ending
        }
    }
}
