using ActorSync.Diagnostics;
using ActorSync.Host.Service;
using Akka.Actor;

namespace ActorSync.Host.Control;

/// <summary>What the running host answers from.</summary>
internal sealed record ControlDesk(SyncRuntime Runtime, HostProfiles Profiles, TimeProvider Time)
{
    /// <summary>Stands for the host's default profile where a profile is named; no profile can be called so.</summary>
    public const string DefaultProfile = "~";

    private static readonly TimeSpan LogWait = TimeSpan.FromSeconds(5);

    public ActorSystem System => Runtime.System ?? throw new SyncException("starting", "the runtime is starting", "try again in a moment");

    /// <exception cref="SyncException">Code <c>unknown_profile</c>.</exception>
    public SyncProfile Profile(string name)
    {
        var meant = name == DefaultProfile ? Profiles.Default : name;
        return Runtime.Profiles.Contains(meant, StringComparer.Ordinal) ? Runtime.Profile(meant) : throw Failures.UnknownProfile(meant);
    }

    /// <summary>Asks the keeper of the log, which waits for nobody.</summary>
    public Task<T> AskLogAsync<T>(Func<IActorRef, object> question, CancellationToken cancellation) =>
        ActorLogDesk.Of(System).Tap is { } tap
            ? tap.Ask<T>(question, LogWait, cancellation)
            : throw new SyncException("log_unavailable", "this host keeps no log for others", "look into its own log files");
}
