using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Runtime;

/// <summary>What one profile is made of.</summary>
/// <param name="Name">Also the actor's name: letters, digits, <c>.</c>, <c>_</c>, <c>-</c>.</param>
/// <param name="Journal">Made by the façade, which keeps it; put up and down by the profile.</param>
internal sealed record ProfileSetup(
    string Name,
    SyncOptions Options,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub,
    ProfileChildren Children
);

/// <summary>How a profile's children are made.</summary>
/// <param name="Journal">Says <see cref="JournalProtocol.JournalOpened"/> to its parent.</param>
/// <param name="Auth">By the device id and the one that is told <c>CredentialChanged</c>.</param>
internal sealed record ProfileChildren(Func<Props> Journal, Func<DeviceId, IActorRef, Props> Auth)
{
    /// <summary>The real one but in tests.</summary>
    public Func<SyncSetup, Props> Sync { get; init; } = SyncActor.Props;

    /// <summary>The real one but in tests.</summary>
    public Func<StatusSetup, Props> Status { get; init; } = StatusActor.Props;

    /// <summary>The real one but in tests.</summary>
    public Func<DrainSetup, DrainProtocol.Orders, Props> Drain { get; init; } = DrainActor.Props;

    /// <summary>The real one but in tests; null for none.</summary>
    public Func<PullSetup, PullProtocol.Orders, Props>? Pull { get; init; } = PullActor.Props;
}
