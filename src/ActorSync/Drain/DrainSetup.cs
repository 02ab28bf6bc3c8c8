using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Drain;

/// <summary>What a lane's drain works with.</summary>
/// <param name="Profile">Passes on to the owner of the credential, and answers for it while it is down.</param>
internal sealed record DrainSetup(
    Lane Lane,
    DrainSettings Settings,
    SyncPlatform Platform,
    JournalPort Journal,
    IHubPort Hub,
    IActorRef Profile
);
