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
    private readonly Dictionary<string, ProfileSetup> _setups;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly Dictionary<string, ChildKeeper> _profiles = [];
    private readonly Dictionary<string, ProfileFailed> _failed = [];
    private readonly List<DropProfile> _dropping = [];
    private readonly List<IActorRef> _stopping = [];
    private readonly List<Stopped> _stopped = [];

    public ProfilesSupervisor(ImmutableArray<ProfileSetup> setups) =>
        _setups = setups.ToDictionary(static setup => setup.Name, StringComparer.Ordinal);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ImmutableArray<ProfileSetup> setups) => Akka.Actor.Props.Create(() => new ProfilesSupervisor(setups));

    protected override SupervisorStrategy SupervisorStrategy() =>
        new TableStrategy((child, error) => _profiles[child.Path.Name].OnFailure(error));

    protected override void PreStart()
    {
        foreach (var setup in _setups.Values)
        {
            Start(setup);
        }
    }

    protected override void PostStop()
    {
        _dropping.ForEach(drop => drop.ReplyTo.Tell(new ProfileGone(drop.Name), ActorRefs.NoSender));
        Answer();
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetProfile get:
                Get(get);
                break;
            case AddProfile add:
                Add(add);
                break;
            case DropProfile drop:
                Drop(drop);
                break;
            case ProfileFailed failed when _profiles.ContainsKey(failed.Name):
                Failed(failed);
                break;
            case ProfileFailed: // it was taken off the list meanwhile
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

    private void Add(AddProfile add)
    {
        var name = add.Setup.Name;
        if (_stopping.Count > 0 || _profiles.ContainsKey(name))
        {
            var (code, reason, remedy) =
                _stopping.Count > 0
                    ? ("stopping", "the runtime is stopping", "start it again")
                    : ("profile_exists", $"there is a profile '{name}', or it is still stopping", "take another name, or wait a moment");
            add.ReplyTo.Tell(new ProfileFailed(name, Self, code, reason, remedy, null));
            return;
        }

        _setups.Add(name, add.Setup);
        Start(add.Setup);
        Get(new GetProfile(name, add.ReplyTo));
    }

    private void Start(ProfileSetup setup)
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

    private void Drop(DropProfile drop)
    {
        if (!_profiles.TryGetValue(drop.Name, out var keeper))
        {
            drop.ReplyTo.Tell(new ProfileGone(drop.Name));
            return;
        }

        _dropping.Add(drop);
        keeper.NoMore();
        if (keeper.Ref is { } profile)
        {
            profile.Tell(new StopProfile(ActorRefs.Nobody));
        }
        else
        {
            Forget(drop.Name);
        }
    }

    // Only now may another one of its name begin.
    private void Forget(string name)
    {
        _profiles.Remove(name);
        _setups.Remove(name);
        _failed.Remove(name);
        ActorRegister.Of(Context.System).Forget(Self.Path / name);
        foreach (var drop in _dropping.FindAll(drop => drop.Name == name))
        {
            drop.ReplyTo.Tell(new ProfileGone(name));
        }

        _dropping.RemoveAll(drop => drop.Name == name);
        SayWhenAllHaveFailed();
    }

    private void Gone(ChildGone gone)
    {
        foreach (var keeper in _profiles.Values)
        {
            if (keeper.OnGone(gone) is { } end)
            {
                var failed = ProfileFailure.Of(keeper.Name, Self, "supervisor", end);
                _setups[keeper.Name].Journal.Down(failed.Reason, failed.Remedy);
                Failed(failed);
                Context.System.EventStream.Publish(failed);
                _setups[keeper.Name].Events.Publish(ProfileFailure.ToEvent(failed, _setups[keeper.Name].Platform.Time));
            }
        }

        if (_dropping.Exists(drop => drop.Name == gone.Name) && _profiles[gone.Name].Ref is null)
        {
            Forget(gone.Name);
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
        SayWhenAllHaveFailed();
    }

    private void SayWhenAllHaveFailed()
    {
        if (_failed.Count > 0 && _failed.Count == _profiles.Count && _stopping.Count == 0)
        {
            var failed = _failed.Values.Last();
            _log.Error("The last profile has failed: {Reason}", failed.Reason);
            Context.System.EventStream.Publish(new RuntimeFailed(failed.Name, failed.Reason, failed.Remedy));
            var setup = _setups[failed.Name];
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
}
