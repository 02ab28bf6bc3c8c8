using System.Collections.Immutable;
using ActorSync.Restart;

namespace ActorSync.Runtime;

/// <summary>Everything that happens when something fails, as data. A test compares each row with what the tree really does.</summary>
internal static class Supervision
{
    public const string Journal = "journal";
    public const string Auth = "auth";
    public const string Sync = "sync";
    public const string Drain = "drain";
    public const string Pull = "pull";
    public const string Hangar = "hangar";
    public const string Status = "status";
    public const string Network = "network";
    public const string Outbox = "outbox";
    public const string Profile = "profile";
    public const string Profiles = "profiles";

    private static readonly RestartLimit FiveInAMinute = new(5, TimeSpan.FromMinutes(1));

    public static ImmutableArray<PolicyRow> Table { get; } =
    [
        new(Journal, FailureKind.CannotOpen, ChildDirective.Stop, Backoff: null, Limit: null, Consequence.ProfileFailed),
        new(
            Journal,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)),
            Limit: null,
            Consequence.JournalUnavailable
        ),
        new(Auth, FailureKind.Any, ChildDirective.Restart, Backoff: null, FiveInAMinute, Consequence.CredentialUnavailable),
        new(Sync, FailureKind.Any, ChildDirective.Restart, Backoff: null, FiveInAMinute, Consequence.ProfileFailed),
        new(
            Drain,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
            new RestartLimit(10, TimeSpan.FromMinutes(10)),
            Consequence.LaneError
        ),
        new(
            Pull,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
            new RestartLimit(10, TimeSpan.FromMinutes(10)),
            Consequence.LaneError
        ),
        new(Hangar, FailureKind.CredentialRefused, ChildDirective.Stop, Backoff: null, Limit: null, Consequence.HangarWaits),
        new(
            Hangar,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)),
            Limit: null,
            Consequence.HangarError
        ),
        new(Status, FailureKind.Any, ChildDirective.Restart, Backoff: null, FiveInAMinute, Consequence.ProfileFailed),
        new(
            Network,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1)),
            new RestartLimit(10, TimeSpan.FromMinutes(10)),
            Consequence.NetworkUnwatched
        ),
        new(
            Outbox,
            FailureKind.Any,
            ChildDirective.RestartWithBackoff,
            new BackoffLaw(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5)),
            new RestartLimit(10, TimeSpan.FromMinutes(10)),
            Consequence.OutboxWaits
        ),
        new(Profile, FailureKind.Any, ChildDirective.Stop, Backoff: null, Limit: null, Consequence.ProfileFailed),
        new(Profiles, FailureKind.Any, ChildDirective.Stop, Backoff: null, Limit: null, Consequence.RuntimeFailed),
    ];

    /// <summary>After its limit the auth actor is made again this often, so that a credential store that comes back is found without a restart of the process.</summary>
    public static readonly TimeSpan CredentialRetry = TimeSpan.FromMinutes(1);

    /// <summary>How the hangar waits after failures, its own and those of its actor.</summary>
    public static BackoffLaw HangarLaw => For(Hangar).First(row => row.Failure == FailureKind.Any).Backoff!;

    /// <summary>The rows of one child, the special ones first.</summary>
    public static ImmutableArray<PolicyRow> For(string child) => [.. Table.Where(row => row.Child == child)];
}
