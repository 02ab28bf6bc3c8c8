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
        if (name != DefaultProfile)
        {
            return IsRunning(name) ? Runtime.Profile(name) : throw Failures.UnknownProfile(name);
        }

        // A host that was started for another profile alone answers for that one.
        var chosen = Profiles.Default;
        return IsRunning(chosen) ? Runtime.Profile(chosen) : Runtime.Default;
    }

    /// <summary>Asks the keeper of the log, which waits for nobody.</summary>
    public Task<T> AskLogAsync<T>(Func<IActorRef, object> question, CancellationToken cancellation) =>
        ActorLogDesk.Of(System).Tap is { } tap
            ? tap.Ask<T>(question, LogWait, cancellation)
            : throw new SyncException("log_unavailable", "this host keeps no log for others", "look into its own log files");

    private bool IsRunning(string name) => Runtime.Profiles.Contains(name, StringComparer.Ordinal);
}
