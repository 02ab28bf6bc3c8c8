using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using ActorSync.Wire;
using static ActorSync.Hangar.HangarProtocol;

namespace ActorSync.Hangar;

/// <summary>What a profile's hangar works with.</summary>
/// <param name="Law">Of its row in the supervision table; failures that it deals with itself wait by the same one.</param>
/// <param name="Port">Outlives the actor.</param>
internal sealed record HangarSetup(
    string Profile,
    DeviceId Device,
    HangarSettings Settings,
    BackoffLaw Law,
    HangarPort Port,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub
);

/// <summary>What is known when an actor is made.</summary>
/// <param name="Sync">Null until sync has said how it stands.</param>
/// <param name="Before">What its predecessor said last; null for the first.</param>
internal sealed record HangarStart(SyncProtocol.SyncReport? Sync, HangarReport? Before);
