using ActorSync.Hangar;
using Akka.Actor;

namespace ActorSync.Restart;

/// <param name="Child">The actor's name; <c>drain</c> stands for both lanes.</param>
/// <param name="Limit">Null: never exhausted (with backoff), or the first failure is the last (Stop).</param>
/// <param name="Then">With Stop: at once. With Restart: when the limit is reached. With backoff: while the child is down, or from the limit on.</param>
internal sealed record PolicyRow(
    string Child,
    FailureKind Failure,
    ChildDirective Directive,
    BackoffLaw? Backoff,
    RestartLimit? Limit,
    Consequence Then
);

internal enum FailureKind
{
    Any,

    /// <summary><see cref="JournalOpenException"/>: corrupt, not a database, newer schema, locked, a PRAGMA that reads back differently.</summary>
    CannotOpen,

    /// <summary><see cref="HangarRefusedException"/>: the hub answered 401 or 403 with one of the protocol's codes.</summary>
    CredentialRefused,
}

internal enum ChildDirective
{
    /// <summary>At once, with a new instance under the same address; over the limit it is stopped.</summary>
    Restart,

    /// <summary>Stopped, and made again by its parent's timer after it is gone.</summary>
    RestartWithBackoff,

    Stop,
}

internal enum Consequence
{
    /// <summary>The parent answers for it with a typed refusal until it is back.</summary>
    JournalUnavailable,

    /// <summary>sync is Paused(credential_unavailable) until the store can be read again.</summary>
    CredentialUnavailable,

    /// <summary>The lane shows ERR and keeps trying at the backoff's cap.</summary>
    LaneError,

    /// <summary>What failed on the network is tried again by its backoff alone, not at once when the network is back.</summary>
    NetworkUnwatched,

    /// <summary>The hangar stays stopped until its next time, a kick, or another credential.</summary>
    HangarWaits,

    /// <summary>The hangar shows its own error; nobody else hears of it.</summary>
    HangarError,

    /// <summary>What the app commits stays in the app's file until the forwarder is back; it is tried at the backoff's cap.</summary>
    OutboxWaits,

    /// <summary>The profile stays stopped and visible, with reason and remedy.</summary>
    ProfileFailed,

    /// <summary>Every profile is gone; a host ends with an exit code that is not 0.</summary>
    RuntimeFailed,
}

/// <summary>What kind of failure it was.</summary>
internal static class FailureKinds
{
    public static FailureKind KindOf(Exception? cause) =>
        Root(cause) switch
        {
            JournalOpenException => FailureKind.CannotOpen,
            HangarRefusedException => FailureKind.CredentialRefused,
            _ => FailureKind.Any,
        };

    /// <summary>What really failed: a failure in PreStart or in a constructor comes wrapped.</summary>
    public static Exception? Root(Exception? cause)
    {
        while (cause is ActorInitializationException or System.Reflection.TargetInvocationException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
    }
}
