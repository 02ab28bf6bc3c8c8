using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Every check, in the order they run: what looks back at the whole run, and what shuts a door for a while, comes last.</summary>
/// <remarks>
/// Of the document's codes these cannot be provoked by a client that means well: 408 <c>timeout</c>, 500 <c>internal</c>, 503 <c>unavailable</c>, 410 <c>expired</c>
/// (a code lives for minutes), and the socket's 4401 and 4408.
/// </remarks>
internal static class CheckTable
{
    public static readonly ImmutableArray<Check> All =
    [
        .. ProbeChecks.All,
        .. RequestChecks.All,
        .. TokenChecks.All,
        .. AccountChecks.All,
        .. PushChecks.All,
        .. KnownOpChecks.All,
        .. RejectionChecks.All,
        .. ClockChecks.All,
        .. RelayChecks.All,
        .. LimitChecks.All,
        .. PullChecks.All,
        .. PullQueryChecks.All,
        .. HistoryChecks.All,
        .. MergeChecks.All,
        .. ReplicaChecks.All,
        .. SocketChecks.All,
        .. HangarChecks.All,
        .. IsolationChecks.All,
        .. BrowserChecks.All,
        .. PairingChecks.All,
        .. RunChecks.All,
    ];
}
