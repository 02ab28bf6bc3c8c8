using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Restart;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Sync;

/// <param name="LanePolicy">The lanes' rows of the supervision table.</param>
/// <param name="Drain">Makes a lane's actor; <see cref="DrainActor.Props"/> but in tests.</param>
internal sealed record SyncSetup(
    SyncOptions Options,
    ImmutableArray<PolicyRow> LanePolicy,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub,
    Func<DrainSetup, DrainProtocol.Orders, Props> Drain,
    AuthLossAuthority Authority
)
{
    /// <summary>The puller's rows of the supervision table.</summary>
    public ImmutableArray<PolicyRow> PullPolicy { get; init; }

    /// <summary>Makes the puller; null for none, and then nothing is fetched before the first push.</summary>
    public Func<PullSetup, PullProtocol.Orders, Props>? Pull { get; init; }
}
