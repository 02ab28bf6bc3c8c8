using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Pull;
using ActorSync.Restart;
using ActorSync.Wire;

namespace ActorSync.Sync;

/// <summary>What a profile may send, and why not. Pure: time and chance come in as data.</summary>
internal sealed record SyncState(SyncOptions Options)
{
    private const int MaxRenewals = 2;

    /// <summary>Null until read.</summary>
    public SyncSettings? Settings { get; init; }

    /// <summary>Null until told.</summary>
    public AuthProtocol.CredentialChanged? Credential { get; init; }

    /// <summary>Why the owner of the credential is gone for now; null while it is there.</summary>
    public string? AuthDown { get; init; }

    public bool SigningOut { get; init; }

    public Episode Episode { get; init; } = Episode.None.Instance;

    /// <summary>How often a refused credential was renewed since the hub last took one: a hub that takes none must not be asked in a loop.</summary>
    public int Renewals { get; init; }

    /// <summary>The hub that refused gzip.</summary>
    public Uri? PlainHub { get; init; }

    /// <summary>Why nothing is pushed though the gate is open: what the hub has comes first. Null when nothing keeps it.</summary>
    public string? Hold { get; init; }

    /// <summary>Before the first push of a run, and to another hub or account (WIRE rule k).</summary>
    public const string FirstPull = "the hub's changes are fetched first";

    /// <summary>WIRE rule l.</summary>
    public const string HistoryMerges = "the hub's history has changed and is being merged first";

    /// <summary>The lanes' gate.</summary>
    public Gate PushGate => Gate is Gate.Open && Hold is { } why ? new Gate.Closed(GateReason.Backoff, why) : Gate;

    public bool Ready => Settings is not null && (Credential is not null || AuthDown is not null);

    public CredentialGeneration Generation => Credential?.Generation ?? CredentialGeneration.None;

    public AuthProtocol.Binding? Binding => AuthDown is null ? Credential?.Binding : null;

    public Uri? Hub => Settings?.Hub ?? Credential?.Binding?.Hub;

    public BackoffLaw Law => new(Options.Drain.BackoffMin, Options.Drain.BackoffMax);

    public Gate Gate =>
        this switch
        {
            { Options.Online: false } => new Gate.Closed(GateReason.Offline, "this process was started without the network"),
            { Settings: null } => new Gate.Closed(GateReason.Local, "the profile's settings are being read"),
            { Settings.Mode: SyncMode.Local } => new Gate.Closed(GateReason.Local, "the mode is local; 'actorsync mode hybrid' sends"),
            { Hub: null } => new Gate.Closed(GateReason.NoServer, "no hub is set; 'actorsync pair CODE --hub URL' sets one"),
            { SigningOut: true } => new Gate.Closed(GateReason.NoCredential, "signing out"),
            { AuthDown: { } why } => new Gate.Closed(GateReason.Paused, why),
            { Credential: null } => new Gate.Closed(GateReason.NoCredential, "the credential is being read"),
            { Credential.Problem: { } problem } => new Gate.Closed(GateReason.Paused, problem),
            { Binding: null } => new Gate.Closed(GateReason.NoCredential, "not signed in; 'actorsync pair CODE --hub URL' signs in"),
            { Hub: var hub, Binding: { } binding } when binding.Hub != hub => new Gate.Closed(
                GateReason.NoCredential,
                $"signed in at {binding.Hub}, but the hub is set to {hub}: pair with it, or set the other one back"
            ),
            _ => GateOf(Episode),
        };

    /// <summary>Another hub or another account: what was heard before proves nothing.</summary>
    public bool IsElsewhere(SyncState other) => (Binding?.Hub, Binding?.Account) != (other.Binding?.Hub, other.Binding?.Account);

    /// <summary>Null unless it is the credential or the account that keeps us.</summary>
    public SyncProtocol.Pause? Pause(DateTimeOffset now) =>
        this switch
        {
            { Options.Online: false } or { Settings: null or { Mode: SyncMode.Local } } or { Hub: null } => null,
            { AuthDown: { } why } => new SyncProtocol.Pause(PauseTexts.CredentialUnavailable, why, now, null),
            { Credential.Problem: { } problem } => new SyncProtocol.Pause(PauseTexts.CredentialUnavailable, problem, now, null),
            { Episode: Episode.Paused paused } => new SyncProtocol.Pause(paused.Code, paused.Text, paused.Since.Wall, paused.RetryAt.Wall),
            _ => null,
        };

    public DrainProtocol.Orders OrdersFor(Lane lane, long version, bool fresh)
    {
        var preset = (Settings?.Preset) ?? Options.Drain.Presets[Options.Drain.Preset];
        var gate = PushGate;
        return new DrainProtocol.Orders(
            version,
            gate,
            Generation,
            lane == Lane.Priority ? preset.PriorityInterval : preset.BulkInterval,
            preset.Notify,
            Options.Drain.Gzip && !(gate is Gate.Open open && open.Hub == PlainHub),
            fresh
        );
    }

    public PullProtocol.Orders PullOrdersFor(long version, bool fresh) =>
        new(version, Gate, Generation, ((Settings?.Preset) ?? Options.Drain.Presets[Options.Drain.Preset]).PullInterval, fresh);

    /// <summary>Re-pairing starts everything again; the same credential said once more changes nothing.</summary>
    public SyncState With(AuthProtocol.CredentialChanged changed) =>
        this with
        {
            Credential = changed,
            AuthDown = null,
            SigningOut = false,
            Episode = changed.Generation == Generation && Credential is not null ? Episode : Episode.None.Instance,
        };

    /// <summary>New settings start everything again.</summary>
    public SyncState With(SyncSettings settings) => this with { Settings = settings, Episode = Episode.None.Instance };

    /// <summary>A request with this generation was refused with one of the protocol's codes.</summary>
    /// <param name="chance">Uniform in [0, 1).</param>
    public SyncState Refused(CredentialGeneration generation, int status, string code, string said, Moment now, double chance)
    {
        if (generation != Generation)
        {
            return this;
        }

        return Episode switch
        {
            Episode.None when HubCodes.IsInvalidCredential(status, code) && Renewals < MaxRenewals => this with
            {
                Episode = new Episode.Confirming(generation, code, Tries: 0),
            },
            Episode.None when HubCodes.IsInvalidCredential(status, code) => this with
            {
                Renewals = Renewals + 1,
                Episode = new Episode.Waiting(
                    generation,
                    code,
                    Renewals,
                    $"the hub refuses each renewed token ({code})",
                    now + new Backoff(Law, Renewals).Fail(chance).Wait
                ),
            },
            Episode.None => this with { Episode = Paused(generation, code, said, now, now, 0, chance) },
            Episode.Trial trial => this with
            {
                Episode = Paused(generation, code, said, trial.Before.Since, now, trial.Before.Failures + 1, chance),
            },
            Episode.Paused paused => this with { Episode = Paused(generation, code, said, paused.Since, now, paused.Failures + 1, chance) },
            _ => this,
        };
    }

    public SyncState Judged(AuthProtocol.Verdict verdict, Moment now, double chance)
    {
        if (Episode is not Episode.Confirming confirming)
        {
            return this;
        }

        return verdict switch
        {
            AuthProtocol.Verdict.CannotRenew cannot when cannot.Generation == confirming.Generation => this with
            {
                Episode = Paused(confirming.Generation, cannot.Code, cannot.Message, now, now, 0, chance) with
                {
                    Text = cannot.Message.Length > 0 ? cannot.Message : PauseTexts.For(cannot.Code, ""),
                },
            },
            AuthProtocol.Verdict.NotNow notNow => this with
            {
                Episode = new Episode.Waiting(
                    confirming.Generation,
                    confirming.Code,
                    confirming.Tries + 1,
                    $"the credential could not be renewed: {notNow.Failure.Message}",
                    now + new Backoff(Law, confirming.Tries).Fail(chance, notNow.Failure.RetryAfter).Wait
                ),
            },
            AuthProtocol.Verdict.TryAgain => this with { Episode = Episode.None.Instance, Renewals = Renewals + 1 },
            _ => this with { Episode = Episode.None.Instance },
        };
    }

    /// <summary>The wait for another try of renewing is over.</summary>
    public SyncState AskAgain() =>
        Episode is Episode.Waiting waiting
            ? this with
            {
                Episode = new Episode.Confirming(waiting.Generation, waiting.Code, waiting.Tries),
            }
            : this;

    /// <summary>The hub answered a probe as it should.</summary>
    public SyncState ProbeTaken(Moment now) =>
        Episode is Episode.Paused paused ? this with { Episode = new Episode.Trial(paused, now) } : this;

    /// <summary>A probe came to nothing: later again.</summary>
    public SyncState ProbeFailed(Moment now, double chance, TimeSpan? retryAfter) =>
        Episode is Episode.Paused paused
            ? this with
            {
                Episode = paused with
                {
                    Failures = paused.Failures + 1,
                    RetryAt = now + new Backoff(Law, paused.Failures).Fail(chance, retryAfter).Wait,
                },
            }
            : this;

    /// <summary>A lane got something through.</summary>
    public SyncState Proven() =>
        Episode is Episode.Trial ? this with { Episode = Episode.None.Instance, Renewals = 0 }
        : Renewals > 0 ? this with { Renewals = 0 }
        : this;

    private Episode.Paused Paused(
        CredentialGeneration generation,
        string code,
        string said,
        Moment since,
        Moment now,
        int failures,
        double chance
    ) => new(generation, code, PauseTexts.For(code, said), since, failures, now + new Backoff(Law, failures).Fail(chance).Wait);

    private Gate GateOf(Episode episode) =>
        episode switch
        {
            Episode.Confirming confirming => new Gate.Closed(
                GateReason.Paused,
                $"the hub refused the token ({confirming.Code}); it is being renewed"
            ),
            Episode.Waiting waiting => new Gate.Closed(GateReason.Backoff, waiting.Text, waiting.RetryAt.Wall),
            Episode.Paused paused => new Gate.Closed(GateReason.Paused, paused.Text, paused.RetryAt.Wall),
            _ => new Gate.Open(Hub!),
        };
}
