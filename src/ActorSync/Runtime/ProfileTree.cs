using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Events;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Network;
using ActorSync.Outbox;
using ActorSync.Pull;
using ActorSync.Restart;
using ActorSync.Status;
using ActorSync.Sync;
using Akka.Actor;
using Akka.Event;

namespace ActorSync.Runtime;

/// <summary>The children of a profile and how messages get to them. Part of the supervisor's state.</summary>
internal sealed class ProfileTree
{
    private readonly ProfileSetup _setup;
    private readonly List<ChildKeeper> _all;
    private readonly Func<string, string, Func<Props>, ChildKeeper> _keep;
    private readonly ActorPath _path;

    public ProfileTree(
        IActorContext context,
        ITimerScheduler timers,
        ProfileSetup setup,
        ILoggingAdapter log,
        Func<DeviceId> device,
        IActorRef self
    )
    {
        _setup = setup;
        _path = self.Path;
        var (children, options, platform) = (setup.Children, setup.Options, setup.Platform);
        _keep = (policy, name, props) => new ChildKeeper(context, timers, platform, log, Supervision.For(policy), name, props);
        Journal = Keep(Supervision.Journal, children.Journal);
        Auth = Keep(Supervision.Auth, () => children.Auth(device(), self));
        Sync = Keep(
            Supervision.Sync,
            () =>
                children.Sync(
                    new SyncSetup(options, Supervision.For(Supervision.Drain), platform, setup.Journal, setup.Hub, children.Drain)
                    {
                        PullPolicy = Supervision.For(Supervision.Pull),
                        Pull = children.Pull,
                    }
                )
        );
        Status = Keep(
            Supervision.Status,
            () => children.Status(new StatusSetup(setup.Name, device(), options, platform, setup.Journal, setup.Hub))
        );
        var source = new HangarPort(options.HangarSource, setup.Name, options.Hangar.MaxBytes, platform.Time);
        Hangar = new HangarKeeper(
            platform.Time,
            start =>
                Keep(
                    Supervision.Hangar,
                    () =>
                        children.Hangar(
                            new HangarSetup(
                                setup.Name,
                                device(),
                                options.Hangar,
                                Supervision.HangarLaw,
                                source,
                                platform,
                                setup.Journal,
                                setup.Hub
                            ),
                            start()
                        )
                )
        );
        Network = Keep(Supervision.Network, () => NetworkActor.Props(platform));
        _all = [Journal, Auth, Sync, Hangar.Keeper, Status, Network];

        ChildKeeper Keep(string name, Func<Props> props) => _keep(name, name, props);
    }

    public ChildKeeper Journal { get; }

    public ChildKeeper Auth { get; }

    public ChildKeeper Sync { get; }

    public HangarKeeper Hangar { get; }

    public ChildKeeper Status { get; }

    public ChildKeeper Network { get; }

    public bool AnyUp => _all.Exists(child => child.Ref is not null);

    public bool AnyUpBesideJournal => _all.Exists(child => child.Ref is not null && child != Journal);

    /// <summary>Status first, so that it hears what the others say; the journal is open.</summary>
    public void StartRest()
    {
        Status.Start();
        Network.Start();
        Auth.Start();
        Sync.Start();
        Hangar.Keeper.Start();
    }

    /// <summary>Starts the forwarder of an app's outbox, once a name.</summary>
    public void Attach(OutboxProtocol.AttachOutbox attach)
    {
        var name = OutboxName(attach.Name);
        if (!_all.Exists(child => child.Name == name))
        {
            var outbox = _keep(
                Supervision.Outbox,
                name,
                () => OutboxActor.Props(attach.Name, attach.Path, _setup.Journal, _setup.Platform)
            );
            _all.Add(outbox);
            outbox.Start();
        }

        attach.ReplyTo.Tell(new OutboxProtocol.OutboxAttached(attach.Name));
    }

    public void LookAt(OutboxProtocol.LookAt look) =>
        _all.Find(child => child.Name == OutboxName(look.Name))?.Ref?.Tell(OutboxProtocol.LookNow.Instance);

    public void TellAll(object message)
    {
        Sync.Ref?.Tell(message);
        Hangar.Keeper.Ref?.Tell(message);
        Status.Ref?.Tell(message);
    }

    /// <summary>Passes a command on, or answers it.</summary>
    public void Pass(ChildKeeper child, object message, string why)
    {
        if (child.Ref is { } actor)
        {
            actor.Forward(message);
        }
        else
        {
            Absent.Answer(message, child.View.LastError is { } error ? $"{why} ({error})" : why, "try again in a moment");
        }
    }

    /// <summary>A message that no incarnation of a child of ours will answer.</summary>
    public void AnswerDead(DeadLetter dead, string reason, string remedy)
    {
        if (dead.Recipient.Path is not { } path || !path.ToString().StartsWith(_path.ToString() + "/", StringComparison.Ordinal))
        {
            return;
        }

        if (!_setup.Journal.Refuse(dead.Message))
        {
            Absent.Answer(dead.Message, reason, remedy);
        }
    }

    public Directive OnFailure(IActorRef child, Exception exception) =>
        _all.Find(keeper => keeper.Name == child.Path.Name)?.OnFailure(exception) ?? Directive.Stop;

    public (ChildKeeper Child, ChildEnd End)? OnGone(ChildGone gone)
    {
        foreach (var keeper in _all)
        {
            if (keeper.OnGone(gone) is { } end)
            {
                return (keeper, end);
            }
        }

        return null;
    }

    public void OnRetry(RetryChild retry)
    {
        foreach (var keeper in _all)
        {
            keeper.OnRetry(retry);
        }
    }

    /// <summary>The profile is stopping: what ends now stays down.</summary>
    public void NoMore()
    {
        _all.ForEach(child => child.NoMore());
        Sync.Ref?.Tell(SyncProtocol.Closing.Instance);
    }

    public void StopAll() => _all.ForEach(child => child.Stop());

    public void StopAllBesideJournal() => _all.FindAll(child => child != Journal).ForEach(child => child.Stop());

    private static string OutboxName(string name) => "outbox-" + name;

    /// <summary>What children still say while the profile is not there for it any more. Nobody waits for an answer to it.</summary>
    public static bool IsChatter(object message) =>
        message
            is SyncProtocol.SyncReport
                or DrainProtocol.LaneReport
                or PullProtocol.PullReport
                or SyncProtocol.PullKept
                or ReconcileReport
                or SyncProtocol.LaneKept
                or HangarProtocol.HangarReport
                or AuthProtocol.CredentialChanged
                or SyncProtocol.CredentialDoubted
                or SyncEvent
                or JournalProtocol.JournalOpened
                or NetworkProtocol.NetworkBack
                or DrainReport;
}
