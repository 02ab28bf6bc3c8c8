using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using static ActorSync.Hangar.HangarProtocol;

namespace ActorSync.Hangar;

/// <summary>When the hangar works, what it leaves out and why. Pure: time and chance come in as data.</summary>
/// <param name="Interval">Between two snapshots that nothing went wrong with.</param>
internal sealed record HangarState(TimeSpan Interval, Backoff Backoff)
{
    public HangarMemory Memory { get; init; } = HangarMemory.None;

    public Moment? NextAt { get; init; }

    public Moment? TriedAt { get; init; }

    public string? Error { get; init; }

    public string? Skip { get; init; }

    /// <summary>It was due and sync did not send: it goes on as soon as sync does.</summary>
    public bool IsHeld { get; init; }

    public HangarTally Tally { get; init; } = HangarTally.None;

    /// <summary>Goes on where an earlier incarnation was.</summary>
    public HangarState After(HangarReport before) =>
        this with
        {
            NextAt = before.NextAt,
            TriedAt = before.TriedAt,
            Error = before.Error,
            Skip = before.Skip,
            IsHeld = HangarSkip.IsOfTheGate(before.Skip),
            Tally = before.Tally,
        };

    /// <summary>The journal said what was pushed last. A clock that was set back delays nothing by more than the interval.</summary>
    public HangarState With(HangarMemory memory, Moment now)
    {
        var rest = memory.SucceededAt is { } at ? at + Interval - now.Wall : TimeSpan.Zero;
        var wait =
            rest < TimeSpan.Zero ? TimeSpan.Zero
            : rest > Interval ? Interval
            : rest;
        return this with { Memory = memory, NextAt = NextAt ?? now + wait };
    }

    public bool IsDue(Moment now) => NextAt is { } at && at.Steady <= now.Steady;

    /// <summary>Another account or another hub, or sync sends again: what was held goes on.</summary>
    public HangarState GateIs(Gate gate, bool elsewhere, Moment now) =>
        gate is Gate.Open && (IsHeld || elsewhere) ? this with { NextAt = now, IsHeld = false, Backoff = Backoff.Reset() } : this;

    /// <summary>Null when the snapshot is worth a request.</summary>
    /// <param name="digest">Of its items and where they would go.</param>
    public string? SkipFor(HangarSnapshot snapshot, string digest) =>
        !snapshot.IsComplete ? HangarSkip.Partial
        : snapshot.Items == 0 ? HangarSkip.Empty
        : digest == Memory.Digest ? HangarSkip.Unchanged
        : null;

    /// <summary>Nothing was pushed, and nothing is wrong but with a partial capture: that is tried again like a failure.</summary>
    /// <param name="chance">Uniform in [0, 1).</param>
    public HangarState Skipped(string skip, string text, Moment now, double chance)
    {
        var next = this with
        {
            Skip = skip,
            TriedAt = now,
            IsHeld = HangarSkip.IsOfTheGate(skip),
            Tally = Tally with { Skips = Tally.Skips + 1 },
        };
        return skip == HangarSkip.Partial
            ? next.RetryAfter(text, now, chance, null)
            : next with
            {
                Error = HangarSkip.IsOfTheGate(skip) ? Error : null,
                NextAt = now + Interval,
                Backoff = Backoff.Reset(),
            };
    }

    /// <param name="chance">Uniform in [0, 1).</param>
    /// <param name="retryAfter">The hub's own wish.</param>
    public HangarState Failed(string error, Moment now, double chance, TimeSpan? retryAfter) =>
        (this with { Skip = null, TriedAt = now, Tally = Tally with { Failures = Tally.Failures + 1 } }).RetryAfter(
            error,
            now,
            chance,
            retryAfter
        );

    /// <summary>The hub refused the credential or the account: no backoff of our own will change that.</summary>
    public HangarState Refused(string error, Moment now) =>
        this with
        {
            Skip = null,
            Error = error,
            TriedAt = now,
            NextAt = now + Interval,
            Backoff = Backoff.Reset(),
            Tally = Tally with { Failures = Tally.Failures + 1 },
        };

    public HangarState Pushed(string digest, Moment now) =>
        this with
        {
            Memory = new HangarMemory(digest, now.Wall),
            Skip = null,
            Error = null,
            TriedAt = now,
            NextAt = now + Interval,
            Backoff = Backoff.Reset(),
            Tally = Tally with { Pushes = Tally.Pushes + 1 },
        };

    public HangarReport Report(HangarActivity activity) => new(activity, NextAt, TriedAt, Memory.SucceededAt, Error, Skip, Tally);

    private HangarState RetryAfter(string error, Moment now, double chance, TimeSpan? retryAfter)
    {
        var (backoff, wait) = Backoff.Fail(chance, retryAfter);
        return this with { Error = error, Backoff = backoff, NextAt = now + wait };
    }
}

/// <summary>The closed list of reasons for not pushing.</summary>
internal static class HangarSkip
{
    public const string NoSource = "no_source";
    public const string Empty = "empty";
    public const string Partial = "partial";
    public const string Unchanged = "unchanged";
    public const string Local = "local";
    public const string NoServer = "no_server";
    public const string NotSignedIn = "not_signed_in";
    public const string Paused = "paused";
    public const string Offline = "offline";

    public static string Of(GateReason reason) =>
        reason switch
        {
            GateReason.Local => Local,
            GateReason.NoServer => NoServer,
            GateReason.NoCredential => NotSignedIn,
            GateReason.Offline => Offline,
            _ => Paused,
        };

    public static bool IsOfTheGate(string? skip) => skip is Local or NoServer or NotSignedIn or Offline or Paused;
}
