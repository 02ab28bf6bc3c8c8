using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Platform;
using ActorSync.Restart;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Runtime.RuntimeProtocol;

namespace ActorSync.Runtime;

/// <summary>The root of the tree, <c>/user/actorsync</c>: creates and watches, no IO. Ends when it was told to stop and all below has.</summary>
internal sealed class RuntimeSupervisor : UntypedActor, IWithTimers
{
    public const string Name = "actorsync";

    private ImmutableArray<ProfileSetup> _setups;
    private readonly SyncPlatform _platform;
    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly List<IActorRef> _stopping = [];
    private ChildKeeper _profiles = null!;
    private Stopped _outcome = new(-1, Clean: false);
    private string? _failure;

    public RuntimeSupervisor(ImmutableArray<ProfileSetup> setups, SyncPlatform platform) => (_setups, _platform) = (setups, platform);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ImmutableArray<ProfileSetup> setups, SyncPlatform platform) =>
        Akka.Actor.Props.Create(() => new RuntimeSupervisor(setups, platform));

    protected override SupervisorStrategy SupervisorStrategy() => new TableStrategy((_, error) => _profiles.OnFailure(error));

    protected override void PreStart()
    {
        var setups = _setups;
        _profiles = new ChildKeeper(
            Context,
            Timers,
            _platform,
            _log,
            Supervision.For(Supervision.Profiles),
            Supervision.Profiles,
            () => ProfilesSupervisor.Props(setups)
        );
        _profiles.Start();
    }

    protected override void PostStop() => Answer();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case GetProfile get when _profiles.Ref is { } profiles:
                profiles.Forward(get);
                break;
            case GetProfile get:
                get.ReplyTo.Tell(
                    new ProfileFailed(get.Name, Self, "runtime_failed", _failure ?? "stopped", "start the runtime again", null)
                );
                break;
            case AddProfile add when _profiles.Ref is { } profiles && _stopping.Count == 0:
                _setups = _setups.Add(add.Setup);
                profiles.Forward(add);
                break;
            case AddProfile add:
                add.ReplyTo.Tell(
                    new ProfileFailed(add.Setup.Name, Self, "runtime_failed", _failure ?? "stopped", "start the runtime again", null)
                );
                break;
            case DropProfile drop when _profiles.Ref is { } profiles:
                _setups = _setups.RemoveAll(setup => setup.Name == drop.Name);
                profiles.Forward(drop);
                break;
            case DropProfile drop:
                drop.ReplyTo.Tell(new ProfileGone(drop.Name));
                break;
            case StopRuntime stop:
                Stop(stop);
                break;
            case Stopped stopped:
                _outcome = stopped;
                break;
            case ChildGone gone:
                Gone(gone);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Stop(StopRuntime stop)
    {
        _stopping.Add(stop.ReplyTo);
        _profiles.NoMore();
        if (_profiles.Ref is not { } profiles)
        {
            Context.Stop(Self);
        }
        else if (_stopping.Count == 1)
        {
            profiles.Tell(new StopRuntime(Self));
        }
    }

    private void Gone(ChildGone gone)
    {
        var end = _profiles.OnGone(gone);
        if (_stopping.Count > 0)
        {
            Context.Stop(Self);
        }
        else if (end is not null)
        {
            _failure = end.Error;
            foreach (var setup in _setups)
            {
                setup.Journal.Down(end.Error, "start the runtime again");
            }

            const string remedy = "start the runtime again";
            Context.System.EventStream.Publish(new RuntimeFailed(Supervision.Profiles, end.Error, remedy));
            _setups[0].Events.Publish(new Events.RuntimeFailed(_platform.Time.GetUtcNow(), Supervision.Profiles, end.Error, remedy));
        }
    }

    private void Answer()
    {
        _stopping.ForEach(asker => asker.Tell(_outcome, ActorRefs.NoSender));
        _stopping.Clear();
    }
}
