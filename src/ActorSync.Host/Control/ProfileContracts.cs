using System.Collections.Immutable;

namespace ActorSync.Host.Control;

/// <param name="Yes">Also when operations were not sent.</param>
internal sealed record ProfileAsk(string Name, bool Yes = false);

internal sealed record ProfilesDocument(ImmutableArray<ProfileDocument> Profiles);

/// <param name="State">Its health's state; null when no host runs it.</param>
internal sealed record ProfileDocument(
    string Name,
    bool Default,
    bool Running,
    string? State,
    string? Reason,
    string? DeviceId,
    string? Hub,
    string? Account,
    long? Pending
);

/// <param name="Exported">Operations that had not reached the hub, dead letters included.</param>
/// <param name="File">Where they are; null when there were none. Of a journal that cannot be read, the folder that it was set aside in.</param>
/// <param name="SignedOut">It had a credential.</param>
/// <param name="Revoked">The hub has confirmed that it takes that credential no more.</param>
internal sealed record RemovedProfileDocument(string Name, long Exported, string? File, bool SignedOut, bool Revoked);
