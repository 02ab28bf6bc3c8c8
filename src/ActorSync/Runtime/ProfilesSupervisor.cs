using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Restart;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Runtime;

/// <summary>Holds the profiles apart: one that fails stays visible with its reason, the others go on. Says when the last one is gone.</summary>
internal sealed class ProfilesSupervisor : UntypedActor, IWithTimers
{
    private readonly ImmutableArray<ProfileSetup> _setups;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly Dictionary<string, ChildKeeper> _profiles = [];
    private readonly Dictionary<string, ProfileFailed> _failed = [];
    private readonly List<IActorRef> _stopping = [];
    private readonly List<Stopped> _stopped = [];

    public ProfilesSupervisor(ImmutableArray<ProfileSetup> setups) => _setups = setups;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ImmutableArray<ProfileSetup> setups) => Akka.Actor.Props.Create(() => new ProfilesSupervisor(setups));

    protected override SupervisorStrategy SupervisorStrategy() =>
        new TableStrategy((child, error) => _profiles[child.Path.Name].OnFailure(error));

    protected override void PreStart()
    {
        foreach (var setup in _setups)
        {
            var keeper = new ChildKeeper(
                Context,
                Timers,
                setup.Platform,
                _log,
                Supervision.For(Supervision.Profile),
                setup.Name,
                () => ProfileSupervisor.Props(setup)
            );
            _profiles.Add(setup.Name, keeper);
            keeper.Start();
        }
    }

    protected override void PostStop() => Answer();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetProfile get:
                Get(get);
                break;
            case ProfileFailed failed:
                Failed(failed);
                break;
            case ChildGone gone:
                Gone(gone);
                break;
            case StopRuntime stop:
                Stop(stop);
                break;
            case Stopped stopped:
                _stopped.Add(stopped);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Get(GetProfile get)
    {
        if (_profiles.TryGetValue(get.Name, out var keeper) && keeper.Ref is { } profile)
        {
            profile.Tell(new GetReadiness(get.ReplyTo));
        }
        else
        {
            get.ReplyTo.Tell(
                _failed.GetValueOrDefault(get.Name)
                    ?? new ProfileFailed(get.Name, Self, "no_such_profile", $"no profile named '{get.Name}'", "check the name", null)
            );
        }
    }

    private void Gone(ChildGone gone)
    {
        foreach (var keeper in _profiles.Values)
        {
            if (keeper.OnGone(gone) is { } end)
            {
                var failed = ProfileFailure.Of(keeper.Name, Self, "supervisor", end);
                Setup(keeper.Name).Journal.Down(failed.Reason, failed.Remedy);
                Failed(failed);
                Context.System.EventStream.Publish(failed);
                Setup(keeper.Name).Events.Publish(ProfileFailure.ToEvent(failed, Setup(keeper.Name).Platform.Time));
            }
        }

        if (_stopping.Count > 0 && _profiles.Values.All(keeper => keeper.Ref is null))
        {
            Answer();
            Context.Stop(Self);
        }
    }

    private void Failed(ProfileFailed failed)
    {
        _failed[failed.Name] = failed;
        if (_failed.Count == _profiles.Count && _stopping.Count == 0)
        {
            _log.Error("The last profile has failed: {Reason}", failed.Reason);
            Context.System.EventStream.Publish(new RuntimeFailed(failed.Name, failed.Reason, failed.Remedy));
            var setup = Setup(failed.Name);
            setup.Events.Publish(new Events.RuntimeFailed(setup.Platform.Time.GetUtcNow(), failed.Name, failed.Reason, failed.Remedy));
        }
    }

    private void Stop(StopRuntime stop)
    {
        _stopping.Add(stop.ReplyTo);
        if (_stopping.Count > 1)
        {
            return;
        }

        foreach (var keeper in _profiles.Values)
        {
            keeper.NoMore();
            keeper.Ref?.Tell(new StopProfile(Self));
        }

        if (_profiles.Values.All(keeper => keeper.Ref is null))
        {
            Answer();
            Context.Stop(Self);
        }
    }

    private void Answer()
    {
        var left = _stopped.Exists(one => one.Left < 0) ? -1 : _stopped.Sum(one => one.Left);
        var outcome = new Stopped(left, _stopped.TrueForAll(one => one.Clean));
        _stopping.ForEach(asker => asker.Tell(outcome, ActorRefs.NoSender));
        _stopping.Clear();
    }

    private ProfileSetup Setup(string name) => _setups.First(setup => setup.Name == name);
}
