using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Pull;

/// <summary>What a profile's puller works with.</summary>
/// <param name="Backoff">After failures.</param>
/// <param name="Profile">Passes on to the owner of the credential, and answers for it while it is down.</param>
internal sealed record PullSetup(
    PullSettings Settings,
    BackoffLaw Backoff,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub,
    IActorRef Profile
)
{
    /// <summary>Null: the interval alone looks.</summary>
    public IWakePort? Wake { get; init; }
}

/// <summary>One call of the puller on its way.</summary>
internal sealed class PullFlight(PullStep step, CredentialGeneration generation) : Errand
{
    public PullStep Step => step;

    public CredentialGeneration Generation => generation;

    /// <summary>What it carries up, with <see cref="PullStep.Relay"/>.</summary>
    public PushBatch? Batch { get; init; }

    /// <summary>Where the log was read from, or how far it was acknowledged.</summary>
    public long Position { get; init; }
}

internal sealed record PullAnswered(PullFlight Flight, HubReply Reply);

internal sealed record SnapshotOpened(PullFlight Flight, HubOpening Opening);

internal sealed record SnapshotPiece(PullFlight Flight, HubPiece Piece);

internal sealed record PullThrew(PullFlight Flight, Exception Error);
