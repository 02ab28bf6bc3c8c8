using ActorSync.Drain;
using ActorSync.Events;
using ActorSync.Hangar;
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
)
{
    /// <summary>Where what an app may want to know is said; of the whole runtime.</summary>
    public EventFeed Events { get; init; } = new(Platform.Time, Platform.AsynchronousContinuations);
}

/// <summary>Told to <c>/user/actorsync</c>: starts another profile beside the others. Replies as <see cref="RuntimeProtocol.GetProfile"/>; refused as failed when there is one of that name.</summary>
internal sealed record AddProfile(ProfileSetup Setup, IActorRef ReplyTo);

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
    public Func<HangarSetup, HangarStart, Props> Hangar { get; init; } = HangarActor.Props;

    /// <summary>The real one but in tests.</summary>
    public Func<DrainSetup, DrainProtocol.Orders, Props> Drain { get; init; } = DrainActor.Props;

    /// <summary>The real one but in tests; null for none.</summary>
    public Func<PullSetup, PullProtocol.Orders, Props>? Pull { get; init; } = PullActor.Props;
}
