using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;

namespace ActorSync.Sync;

/// <summary>What a profile may send, and why not. Pure: time and chance come in as data.</summary>
internal sealed partial record SyncState(SyncOptions Options)
{
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

    /// <summary>How many unsent operations of another account wait for a person's choice; null while that is not known.</summary>
    public long? KeptAside { get; init; }

    /// <summary>The account that the journal has to note as the queue's before anything is sent; null when it is noted.</summary>
    public string? OwnerToNote =>
        Settings is { Mode: SyncMode.Hybrid } && Binding is { Account: { } account } && account != Settings.QueueAccount ? account : null;

    public bool Ready =>
        Settings is not null && (Credential is not null || AuthDown is not null) && (OwnerToNote is null || KeptAside is not null);

    public CredentialGeneration Generation => Credential?.Generation ?? CredentialGeneration.None;

    public AuthProtocol.Binding? Binding => AuthDown is null ? Credential?.Binding : null;

    public Uri? Hub => Settings?.Hub ?? Credential?.Binding?.Hub ?? Lost?.Hub;

    /// <summary>What the hub took back; null when nothing is lost.</summary>
    public AuthProtocol.Loss? Lost => AuthDown is null ? Credential?.Lost : null;

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
            { Lost: { } lost } => new Gate.Closed(GateReason.Paused, lost.Text, (Episode as Episode.Paused)?.RetryAt.Wall),
            { Binding: null } => new Gate.Closed(GateReason.NoCredential, "not signed in; 'actorsync pair CODE --hub URL' signs in"),
            { Hub: var hub, Binding: { } binding } when binding.Hub != hub => new Gate.Closed(
                GateReason.NoCredential,
                $"signed in at {binding.Hub}, but the hub is set to {hub}: pair with it, or set the other one back"
            ),
            { OwnerToNote: not null, KeptAside: null } => new Gate.Closed(GateReason.Backoff, "it is being noted whose operations wait"),
            { OwnerToNote: not null } => new Gate.Closed(GateReason.Paused, KeptAsideText),
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
            { OwnerToNote: not null, KeptAside: not null } => new SyncProtocol.Pause(PauseTexts.AccountChanged, KeptAsideText, now, null),
            { Episode: Episode.Paused paused } => new SyncProtocol.Pause(paused.Code, paused.Text, paused.Since.Wall, paused.RetryAt.Wall),
            _ => null,
        };

    public DrainProtocol.Orders OrdersFor(Lane lane, long version, bool fresh)
    {
        var preset = (Settings?.Preset) ?? Options.Drain.Presets[Options.Drain.Preset];
        var gate = Gate;
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

    /// <summary>Re-pairing starts everything again; the same credential said once more changes nothing.</summary>
    /// <param name="chance">Uniform in [0, 1).</param>
    public SyncState With(AuthProtocol.CredentialChanged changed, Moment now, double chance) =>
        this with
        {
            Credential = changed,
            KeptAside = changed.Binding?.Account == Binding?.Account ? KeptAside : null,
            AuthDown = null,
            SigningOut = false,
            Episode =
                changed.Generation == Generation && Credential is not null ? Episode
                : changed.Lost is { } lost ? OfLoss(lost, now + new Backoff(Law).Fail(chance).Wait, now)
                : Episode.None.Instance,
        };

    /// <summary>New settings start everything again; what is lost is asked for at once.</summary>
    /// <param name="again">Somebody changed them, or said them once more; otherwise they were only read.</param>
    public SyncState With(SyncSettings settings, Moment now, bool again) =>
        this with
        {
            Settings = settings,
            KeptAside = null,
            Episode =
                !again && Settings is not null && settings == Settings with { QueueAccount = settings.QueueAccount } ? Episode
                : Lost is { } lost ? OfLoss(lost, now, now)
                : Episode.None.Instance,
        };

    private string KeptAsideText =>
        $"unsent operations of account {Settings?.QueueAccount} are kept aside ({KeptAside} in the queue): 'actorsync queue adopt' sends them as {OwnerToNote}, "
        + "'actorsync queue discard --yes' drops them";

    private Gate GateOf(Episode episode) =>
        episode switch
        {
            Episode.Confirming confirming => new Gate.Closed(
                GateReason.Paused,
                $"the hub refused the token ({confirming.Code}); it is being renewed"
            ),
            Episode.Asking or Episode.Declaring => new Gate.Closed(
                GateReason.Paused,
                "the hub refused the token, and it cannot be renewed; the hub is asked once more"
            ),
            Episode.Waiting waiting => new Gate.Closed(GateReason.Backoff, waiting.Text, waiting.RetryAt.Wall),
            Episode.Paused paused => new Gate.Closed(GateReason.Paused, paused.Text, paused.RetryAt.Wall),
            _ => new Gate.Open(Hub!, Binding?.Account),
        };
}
