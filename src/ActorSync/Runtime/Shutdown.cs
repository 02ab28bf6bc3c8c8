using ActorSync.Sync;
using Akka.Actor;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Runtime;

/// <summary>A profile's clean stop: drain for a bounded time, stop those who use the journal, then the journal, then answer. Part of the supervisor's state.</summary>
internal sealed class Shutdown(ProfileSetup setup, ProfileTree tree, IActorRef self, ITimerScheduler timers, bool drains)
{
    private readonly List<IActorRef> _askers = [];
    private long _left = -1;
    private bool _draining = true;

    public void Join(IActorRef asker) => _askers.Add(asker);

    public void Begin()
    {
        var settings = setup.Options.Shutdown;
        tree.NoMore();
        timers.StartSingleTimer("stop", ProfileSupervisor.StopTime.Instance, settings.StopTimeout);
        if (drains && settings.DrainTimeout > TimeSpan.Zero && tree.Sync.Ref is { } sync)
        {
            timers.StartSingleTimer(
                "drain",
                ProfileSupervisor.DrainTime.Instance,
                Shorter(settings.DrainTimeout, settings.StopTimeout / 2)
            );
            sync.Tell(new SyncProtocol.DrainNow(Force: false, self));
        }
        else
        {
            EndDrain();
        }
    }

    public void Drained(DrainReport report)
    {
        _left = report.Pending;
        EndDrain();
    }

    public void EndDrain()
    {
        if (_draining)
        {
            _draining = false;
            tree.StopAllBesideJournal();
            ChildGone();
        }
    }

    /// <summary>The journal goes last, so that what the hub has taken is still booked.</summary>
    public void ChildGone()
    {
        if (_draining || tree.AnyUpBesideJournal)
        {
            return;
        }

        if (tree.Journal.Ref is not null)
        {
            setup.Journal.Down("the runtime is stopping", "start it again");
            tree.Journal.Stop();
        }
        else
        {
            tree.StopAll();
            self.Tell(ProfileSupervisor.Finish.Instance, ActorRefs.NoSender);
        }
    }

    public void Answer(bool clean)
    {
        _askers.ForEach(asker => asker.Tell(new Stopped(_left, clean), ActorRefs.NoSender));
        _askers.Clear();
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
