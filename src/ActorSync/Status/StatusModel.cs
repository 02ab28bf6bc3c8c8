using System.Collections.Immutable;
using System.Reflection;
using ActorSync.Drain;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;

namespace ActorSync.Status;

/// <summary>All that a profile's parts have said, and what follows from it. Pure: time comes in as data.</summary>
internal sealed record StatusModel(string Profile, DeviceId Device, SyncOptions Options)
{
    private static readonly string Version =
        typeof(StatusModel).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "0";

    private static readonly (Lane Lane, string Name)[] Names = [(Lane.Priority, "priority"), (Lane.Bulk, "bulk")];

    public SyncProtocol.SyncReport? Sync { get; init; }

    public LaneView Priority { get; init; } = new();

    public LaneView Bulk { get; init; } = new();

    public HangarProtocol.HangarReport? Hangar { get; init; }

    /// <summary>Null until the hangar's actor has ended once.</summary>
    public ChildView? HangarKept { get; init; }

    public PullView Pull { get; init; } = new();

    /// <summary>The last ones that the journal gave.</summary>
    public JournalCounts? Counts { get; init; }

    /// <summary>Why the journal does not answer; null when it does.</summary>
    public string? JournalError { get; init; }

    public DateTimeOffset? JournalNextTry { get; init; }

    /// <summary>Since when each state holds, by <c>""</c> for the whole and by lane.</summary>
    public ImmutableSortedDictionary<string, (string State, DateTimeOffset Since)> Since { get; init; } =
        ImmutableSortedDictionary<string, (string, DateTimeOffset)>.Empty;

    // A process without the network pauses nothing, and what was lost is lost all the same.
    private string? PausedText => Sync?.Paused?.Text ?? Sync?.Lost?.Text;

    // Without a credential the lanes are stopped on purpose, and have not failed.
    private DrainProtocol.LaneError? LastError =>
        Sync?.Lost is null ? Priority.Error ?? Bulk.Error : Priority.Report?.Error ?? Bulk.Report?.Error;

    public LaneView this[Lane lane] => lane == Lane.Priority ? Priority : Bulk;

    public StatusModel With(Lane lane, LaneView view) => lane == Lane.Priority ? this with { Priority = view } : this with { Bulk = view };

    public StatusModel With(JournalCounts counts, Moment now) =>
        this with
        {
            Counts = counts,
            JournalError = null,
            JournalNextTry = null,
            Priority = Priority.With(counts.Priority, now),
            Bulk = Bulk.With(counts.Bulk, now),
        };

    /// <summary>Judges all and remembers when each state began.</summary>
    public (StatusModel Next, HealthView Health) Judge(Moment now)
    {
        var since = Since;
        var lanes = ImmutableSortedDictionary.CreateBuilder<string, LaneHealth>(StringComparer.Ordinal);
        var states = new List<Health>();
        foreach (var (lane, name) in Names)
        {
            var (state, reason) = HealthState.Judge(InputsOf(lane, now));
            states.Add(state);
            lanes.Add(
                name,
                new LaneHealth(HealthState.Text(state), reason, Began(name, HealthState.Text(state)), NextRetry(this[lane].NextTry))
            );
        }

        // A profile that has no puller has no third lane.
        if (Pull is not { Report: null, Kept: null })
        {
            var (state, reason) = HealthState.Judge(InputsOfPull(now));
            states.Add(state);
            var shown = HealthState.Text(state);
            lanes.Add(PullView.Name, new LaneHealth(shown, reason, Began(PullView.Name, shown), NextRetry(Pull.NextTry)));
        }

        var overall = HealthState.Overall(states);
        var text = HealthState.Text(overall);
        var first = lanes.Values.FirstOrDefault(lane => lane.State == text) ?? lanes.Values.First();
        var health = new HealthView(text, first.Reason, Began("", text), lanes.Values.Min(lane => lane.NextRetry), lanes.ToImmutable());
        return (this with { Since = since }, health);

        DateTimeOffset Began(string key, string state)
        {
            if (!since.TryGetValue(key, out var known) || known.State != state)
            {
                since = since.SetItem(key, known = (state, now.Wall));
            }

            return known.Since;
        }
    }

    public StatusSnapshot Snapshot(HealthView health, Moment now)
    {
        var reports = new[] { Priority.Report, Bulk.Report };
        var totals = new[] { Priority.Totals, Bulk.Totals };
        var oldest = new[] { Priority.OldestAge(now), Bulk.OldestAge(now) }.Max();
        return new StatusSnapshot(
            Profile,
            Device.Value,
            health,
            new AuthView(
                Sync?.AuthState ?? "signed_out",
                PausedText,
                Sync?.Lost?.At,
                Sync?.Binding?.Account ?? Sync?.Lost?.Account,
                Sync?.Generation.Value ?? 0,
                Sync?.Binding?.ExpiresAt
            ),
            (Sync?.Mode ?? SyncMode.Local).ToString().ToLowerInvariant(),
            Sync?.Hub?.ToString(),
            // -1 where it is not known: a storage error is never shown as an empty queue.
            new QueueView(
                Counts?.Pending ?? -1,
                Counts?.PayloadBytes ?? -1,
                oldest is { } age ? Math.Max(0, age.TotalSeconds) : null,
                Counts?.Dead ?? -1,
                Counts?.Parked ?? -1,
                Counts?.Limit ?? Options.Journal.MaxOperations
            ),
            new ClockView(Counts?.Clock ?? -1),
            new CursorView(Counts?.Position ?? 0, Counts?.HubLastId ?? 0),
            new ReceiptView(Counts?.ReceiptHighestLamport ?? 0, Counts?.ReceiptAt),
            new DrainView(
                reports.Max(report => report?.TriedAt?.Wall),
                reports.Max(report => report?.HubAt?.Wall),
                LastError?.Message,
                totals.Sum(lane => lane.Batches),
                totals.Sum(lane => lane.Accepted),
                totals.Sum(lane => lane.Duplicate),
                totals.Sum(lane => lane.Rejected)
            ),
            HangarOf(Hangar, HangarKept),
            new LanView("off", 0),
            Running: true,
            Version,
            Notices.Of(this, health.State)
        )
        {
            Inbound = new InboundView(Counts?.Conflicts.Overwritten ?? -1, Counts?.Conflicts.SetAside ?? -1),
        };
    }

    public HealthInputs InputsOf(Lane lane, Moment now)
    {
        var view = this[lane];
        var heard = HubAge(now);
        var interval = view.Report?.Interval ?? IntervalOf(lane);
        var lease = HealthState.Lease(interval);
        var waited = Sync?.OpenSince is { } since && now.Steady - since.Steady > lease;
        return new HealthInputs(
            Off(),
            PausedText,
            waited || ErrorOf(view) is not null || (heard is not null && view.LookAge(now) is not null),
            ErrorOf(view),
            heard,
            view.LookAge(now),
            view.OldestAge(now),
            lease
        );
    }

    private static HangarView HangarOf(HangarProtocol.HangarReport? said, ChildView? kept)
    {
        var down = kept is { Up: false } && said?.Activity != HangarActivity.Stopped;
        return new HangarView(said?.SucceededAt, down ? kept!.LastError : said?.Error, down ? kept!.NextTry?.Wall : said?.NextAt?.Wall)
        {
            State = down ? "down" : HangarWords.Of(said?.Activity ?? HangarActivity.Starting),
            LastAttemptAt = said?.TriedAt?.Wall,
            LastSkip = said?.Skip,
            Pushes = said?.Tally.Pushes ?? 0,
            Skips = said?.Tally.Skips ?? 0,
            Failures = said?.Tally.Failures ?? 0,
            Restarts = kept?.Restarts ?? 0,
        };
    }

    public HealthInputs InputsOfPull(Moment now)
    {
        var (heard, looked) = (HubAge(now), Pull.LookAge(now));
        var lease = HealthState.Lease(Pull.Report?.Interval ?? Options.Drain.Presets[Options.Drain.Preset].PullInterval);
        var waited = Sync?.OpenSince is { } since && now.Steady - since.Steady > lease;
        var error =
            JournalError is { } journal ? $"the journal is unavailable: {journal}"
            : Waits() is { } waits ? waits
            : Pull.Error is { } own ? $"{own.Message}; {own.Remedy}"
            : Sync?.HubError is { } hub ? $"{hub.Message}; {hub.Remedy}"
            : null;
        var tried = waited || error is not null || (heard is not null && looked is not null);
        return new HealthInputs(Off(), PausedText, tried, error, heard, looked, OldestAge: null, lease);
    }

    private TimeSpan? HubAge(Moment now)
    {
        var hubAt = Latest(Latest(Sync?.HubAt, Pull.Report?.HubAt), Latest(Priority.Report?.HubAt, Bulk.Report?.HubAt));
        // What the hub said before this opening of the gate proves nothing about it.
        return hubAt is { } at && Sync?.OpenSince is not null ? now.Steady - at.Steady : null;
    }

    private string? Off() =>
        Sync switch
        {
            { Gate: Gate.Closed { Reason: GateReason.Local or GateReason.NoServer or GateReason.NoCredential } closed } => closed.Text,
            { Gate: Gate.Closed { Reason: GateReason.Offline } closed, Lost: null } => closed.Text,
            _ => null,
        };

    // Meant to send, not paused, and closed all the same: a refused token that is being renewed, or could not be.
    private string? Waits() => Sync is { Paused: null, Gate: Gate.Closed closed } && Off() is null ? closed.Text : null;

    private string? ErrorOf(LaneView view) =>
        JournalError is { } journal ? $"the journal is unavailable: {journal}"
        : Waits() is { } waits ? waits
        : view.Error is { } error ? $"{error.Message}; {error.Remedy}"
        : Sync?.HubError is { } hub ? $"{hub.Message}; {hub.Remedy}"
        : Counts is { Dead: > 0 } or { Parked: > 0 }
            ? $"needs attention: {Counts.Dead} dead letters and {Counts.Parked} operations parked behind them"
        : null;

    private DateTimeOffset? NextRetry(Moment? own) =>
        JournalNextTry ?? own?.Wall ?? (Sync?.Gate as Gate.Closed)?.NextTry ?? Sync?.Paused?.NextTry;

    private TimeSpan IntervalOf(Lane lane)
    {
        var preset = Options.Drain.Presets[Options.Drain.Preset];
        return lane == Lane.Priority ? preset.PriorityInterval : preset.BulkInterval;
    }

    private static Moment? Latest(Moment? a, Moment? b) => a is null || b?.Steady > a.Value.Steady ? b : a;
}
