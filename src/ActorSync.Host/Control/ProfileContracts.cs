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
/// <param name="File">Where they are; null when there were none.</param>
/// <param name="SignedOut">Its credential was removed first; false when there was none or it could not be.</param>
internal sealed record RemovedProfileDocument(string Name, long Exported, string? File, bool SignedOut);
