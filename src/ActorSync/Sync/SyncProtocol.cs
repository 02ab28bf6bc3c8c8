using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using Akka.Actor;

namespace ActorSync.Sync;

/// <summary>Everything that is said to and by the owner of a profile's syncing, its lanes apart.</summary>
internal static class SyncProtocol
{
    // ---- From the façade, through the profile ----

    /// <summary>Pushes both lanes now. Replies <see cref="DrainReport"/> when the pass is over, or at once with the reason why there is none.</summary>
    /// <param name="Force">Also during backoff: one try.</param>
    public sealed record DrainNow(bool Force, IActorRef ReplyTo);

    /// <summary>
    /// Patches the profile's settings: <c>hub</c>, <c>mode</c>, <c>preset</c>; a null value removes one. Replies <see cref="JournalProtocol.Settings"/> when
    /// they are stored and in force, or <see cref="JournalProtocol.Unavailable"/>.
    /// </summary>
    public sealed record ChangeSettings(ImmutableSortedDictionary<string, string?> Patch, IActorRef ReplyTo);

    // ---- From whoever talks to the hub beside the lanes (hangar, pull, a question), to the profile ----

    /// <summary>
    /// The hub refused a request with this generation: 401 or 403 with one of the protocol's codes. Says nothing else and changes nothing by itself: sync
    /// asks <c>auth/me</c> once, however many doubt. Of a generation that is not the current one it is ignored. No answer.
    /// </summary>
    public sealed record CredentialDoubted(CredentialGeneration Generation, string Code);

    // ---- From the profile, to sync, its lanes and status ----

    public sealed record JournalCameUp
    {
        public static readonly JournalCameUp Instance = new();
    }

    /// <param name="NextTry">Null when nobody tries again.</param>
    public sealed record JournalWentDown(string Reason, string Remedy, DateTimeOffset? NextTry);

    /// <summary>The auth actor is over its limit; a CredentialChanged ends it.</summary>
    public sealed record AuthWentDown(string Reason);

    /// <summary>The profile is stopping: a child that fails now is not made again.</summary>
    public sealed record Closing
    {
        public static readonly Closing Instance = new();
    }

    // ---- To the status actor, through the profile ----

    /// <summary>Said at each change.</summary>
    /// <param name="Paused">Null unless sync is paused.</param>
    /// <param name="HubAt">When the hub last answered as it should: a push or a heartbeat.</param>
    /// <param name="HubError">Of the last heartbeat or probe; null when it went well.</param>
    /// <param name="OpenSince">Since when the gate is open; null while it is closed.</param>
    public sealed record SyncReport(
        SyncMode Mode,
        Uri? Hub,
        Gate Gate,
        Pause? Paused,
        CredentialGeneration Generation,
        AuthProtocol.Binding? Binding,
        Moment? HubAt,
        DrainProtocol.LaneError? HubError,
        Moment? OpenSince
    )
    {
        /// <summary>A probe was taken, and the first thing that is sent decides.</summary>
        public bool OnTrial { get; init; }

        /// <summary><c>signed_in</c>, <c>signed_out</c> or <c>lost</c>.</summary>
        public string AuthState => Binding is null ? "signed_out" : "signed_in";
    }

    /// <param name="Code">The hub's, or <c>credential_unavailable</c>.</param>
    public sealed record Pause(string Code, string Text, DateTimeOffset Since, DateTimeOffset? NextTry);

    /// <summary>The puller's actor ended or came back.</summary>
    public sealed record PullKept(ChildView View);

    /// <summary>A lane's actor ended or came back.</summary>
    public sealed record LaneKept(Lane Lane, ChildView View);
}

/// <summary>What a profile does with the network.</summary>
internal enum SyncMode
{
    /// <summary>Nothing: operations are kept.</summary>
    Local,

    /// <summary>Kept and sent.</summary>
    Hybrid,
}
