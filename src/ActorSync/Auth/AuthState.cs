using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

/// <summary>What is decided about a credential: which generation stands, whether a refresh may start, what a refusal comes to.</summary>
/// <param name="Stored">What is on disk.</param>
/// <param name="Device">The journal's device id.</param>
internal sealed record AuthState(StoredCredential Stored, DeviceId Device)
{
    private static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPace = TimeSpan.FromMinutes(5);

    /// <summary>The generation whose refresh token is on its way to the hub; null when none is.</summary>
    public CredentialGeneration? Renewing { get; init; }

    /// <summary>Refreshes that failed in a row.</summary>
    public int Failures { get; init; }

    /// <summary>The hub asked us to wait until then (<c>Retry-After</c>).</summary>
    public DateTimeOffset? NotBefore { get; init; }

    /// <summary>How many refreshed tokens in a row the hub refused in the first half of their life.</summary>
    public int EarlyRefusals { get; init; }

    /// <summary>A copied folder: the tokens belong to another device id, and using them would make the hub revoke the whole family.</summary>
    public bool IsForeign => Stored.Access is not null && Stored.Device != Device;

    public bool CanRefresh => Stored.CanRefresh && !IsForeign;

    public CurrentCredential Current =>
        Stored switch
        {
            { Access: null } => new CurrentCredential(Stored.Generation, null, null, null),
            _ when IsForeign => new CurrentCredential(
                Stored.Generation,
                null,
                null,
                "the stored credential belongs to another installation: pair this one"
            ),
            _ => new CurrentCredential(Stored.Generation, Stored.Access, Stored.Binding, null),
        };

    /// <summary>How long until the token should be renewed; null when nothing is to be done by itself.</summary>
    /// <remarks>Never longer than the token's life, whatever the wall clock says.</remarks>
    public TimeSpan? RenewIn(DateTimeOffset now, TimeSpan renewBefore)
    {
        if (!CanRefresh)
        {
            return null;
        }

        if (Stored.RefreshSentAt is not null)
        {
            return TimeSpan.Zero;
        }

        if (Stored.ExpiresAt is not { } end)
        {
            return null;
        }

        // A hub that gives tokens without a life must not make a loop.
        var life = Later(end - Stored.ObtainedAt, ShortestLife);
        var due = Stored.ObtainedAt + life - Earlier(renewBefore, life / 6);
        return Earlier(Later(due - now, TimeSpan.Zero), due - Stored.ObtainedAt);
    }

    /// <summary>What should happen. Pure. A <see cref="Event.Stored"/> must be on disk before it is evolved.</summary>
    public Decision Decide(Command command) =>
        command switch
        {
            Command.Refuse c => Refuse(c),
            Command.Renew c => CanRefresh && Renewing is null ? StartRenewal(c.Now, early: false) : Decision.Nothing,
            Command.TakeRenewed c => Renewed(c),
            Command.TakeRefreshRefused c when c.Generation == Stored.Generation => new Decision(
                null,
                [new Event.RenewalEnded(0, null), new Event.Stored(Stored with { RefreshRefused = c.Code })]
            ),
            Command.TakeFailure c when c.Generation == Stored.Generation => new Decision(
                new Verdict.NotNow(c.Failure),
                [new Event.RenewalEnded(Failures + 1, c.Failure.RetryAfter is { } wait ? c.Now + wait : null)]
            ),
            Command.TakeRefreshRefused or Command.TakeFailure => Decision.Nothing,
            Command.BeginPairing c => new Decision(null, [new Event.Stored(Stored with { Pairing = c.Pairing })]),
            Command.SignIn c => new Decision(
                null,
                [new Event.Stored(c.Credential with { Generation = Next, Pairing = null, Device = Device })]
            ),
            Command.SignOut => SignOut(),
            _ => throw new InvalidOperationException($"unknown command {command}"),
        };

    /// <summary>What did happen.</summary>
    public AuthState Evolve(Event change) =>
        change switch
        {
            Event.Stored { Credential: var c } when c.Generation.CompareTo(Stored.Generation) < 0 => throw new InvalidOperationException(
                $"generation {c.Generation} is older than {Stored.Generation}"
            ),
            Event.Stored { Credential: var c } when c.Generation == Stored.Generation => this with { Stored = c },
            Event.Stored { Credential: var c } => this with
            {
                Stored = c,
                Renewing = null,
                Failures = 0,
                NotBefore = null,
                EarlyRefusals = c.Origin == CredentialOrigin.Refreshed ? EarlyRefusals : 0,
            },
            Event.RenewalStarted e => this with { Renewing = Stored.Generation, EarlyRefusals = e.Early ? EarlyRefusals + 1 : 0 },
            Event.RenewalEnded e => this with { Renewing = null, Failures = e.Failures, NotBefore = e.NotBefore },
            _ => throw new InvalidOperationException($"unknown event {change}"),
        };

    public AuthState Evolve(ImmutableArray<Event> events) => events.Aggregate(this, static (state, change) => state.Evolve(change));

    private CredentialGeneration Next => new(Stored.Generation.Value + 1);

    private Decision Refuse(Command.Refuse refused)
    {
        if (refused.Generation != Stored.Generation)
        {
            return new Decision(new Verdict.TryAgain(Stored.Generation), []);
        }

        if (!HubCodes.IsInvalidCredential(401, refused.Code))
        {
            // 403 and its kin say nothing against the token: a new one would be refused as well.
            return NotNow(
                ErrorClass.AuthForbidden,
                refused.Code,
                "the hub refuses this account or device",
                "see the hub's account page",
                null
            );
        }

        if (!CanRefresh)
        {
            return new Decision(
                new Verdict.CannotRenew(Stored.Generation, refused.Code, RefusalCodes.WhyNotRenewed(refused.Code, Stored)),
                []
            );
        }

        if (Renewing is not null)
        {
            return Decision.Nothing;
        }

        if (NotBefore - refused.Now is { } wait && wait > TimeSpan.Zero)
        {
            return NotNow(
                ErrorClass.Throttled,
                "throttled",
                "the hub asked for a pause before the next refresh",
                "nothing: it is retried",
                wait
            );
        }

        var early = IsYoung(refused.Now);
        return early && Pace(EarlyRefusals) - (refused.Now - Stored.ObtainedAt) is { Ticks: > 0 } pause
            ? NotNow(
                ErrorClass.Protocol,
                "fresh_token_refused",
                "the hub refuses tokens that it has just given",
                "look at the hub's clock and keys",
                pause
            )
            : StartRenewal(refused.Now, early);
    }

    private Decision StartRenewal(DateTimeOffset now, bool early)
    {
        var started = new Event.RenewalStarted(early);
        return Stored.RefreshSentAt is null
            ? new Decision(null, [new Event.Stored(Stored with { RefreshSentAt = now }), started])
            : new Decision(null, [started]);
    }

    private Decision Renewed(Command.TakeRenewed renewed)
    {
        if (renewed.Generation != Stored.Generation || !CanRefresh)
        {
            return Decision.Nothing;
        }

        var credential = Stored with
        {
            Generation = Next,
            Origin = CredentialOrigin.Refreshed,
            Access = renewed.Grant.AccessToken,
            Refresh = renewed.Grant.RefreshToken is { } next ? new RefreshToken(next) : Stored.Refresh,
            Account = renewed.Grant.Account,
            Handle = renewed.Grant.Handle ?? Stored.Handle,
            ObtainedAt = renewed.Now,
            ExpiresAt = renewed.Now + renewed.Grant.ExpiresIn,
            RefreshSentAt = null,
        };
        return new Decision(null, [new Event.Stored(credential)]);
    }

    private Decision SignOut() =>
        Stored is { Access: null, Pairing: null }
            ? Decision.Nothing
            : new Decision(
                null,
                [
                    new Event.Stored(
                        new StoredCredential
                        {
                            Generation = Next,
                            Hub = Stored.Hub,
                            Account = Stored.Account,
                            Handle = Stored.Handle,
                            Device = Stored.Device,
                        }
                    ),
                ]
            );

    // Refreshed, and in the first half of its life; a clock that went back makes nothing young.
    private bool IsYoung(DateTimeOffset now) =>
        Stored is { Origin: CredentialOrigin.Refreshed, ExpiresAt: { } end }
        && now >= Stored.ObtainedAt
        && now - Stored.ObtainedAt < (end - Stored.ObtainedAt) / 2;

    private static TimeSpan Pace(int refusals) =>
        refusals == 0 ? TimeSpan.Zero : Earlier(TimeSpan.FromSeconds(1L << Math.Min(refusals, 20)), LongestPace);

    private static Decision NotNow(ErrorClass kind, string code, string message, string remedy, TimeSpan? wait) =>
        new(new Verdict.NotNow(new HubFailure(kind, code, message, remedy, wait)), []);

    private static TimeSpan Earlier(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Later(TimeSpan a, TimeSpan b) => a > b ? a : b;

    /// <param name="Verdict">For whoever waits for one. Null after <see cref="Command.Refuse"/>: the refresh in flight decides.</param>
    public sealed record Decision(Verdict? Verdict, ImmutableArray<Event> Events)
    {
        public static readonly Decision Nothing = new(null, []);
    }

    public abstract record Command
    {
        private Command() { }

        public sealed record Refuse(CredentialGeneration Generation, string Code, DateTimeOffset Now) : Command;

        public sealed record Renew(DateTimeOffset Now) : Command;

        public sealed record TakeRenewed(CredentialGeneration Generation, TokenGrant Grant, DateTimeOffset Now) : Command;

        /// <summary>The hub will not take this refresh token any more.</summary>
        public sealed record TakeRefreshRefused(CredentialGeneration Generation, string Code) : Command;

        public sealed record TakeFailure(CredentialGeneration Generation, HubFailure Failure, DateTimeOffset Now) : Command;

        public sealed record BeginPairing(PendingPairing Pairing) : Command;

        /// <param name="Credential">Its generation, device and pairing are set here.</param>
        public sealed record SignIn(StoredCredential Credential) : Command;

        public sealed record SignOut : Command;
    }

    public abstract record Event
    {
        private Event() { }

        public sealed record Stored(StoredCredential Credential) : Event;

        /// <param name="Early">The token that is renewed was refused though it was young.</param>
        public sealed record RenewalStarted(bool Early) : Event;

        public sealed record RenewalEnded(int Failures, DateTimeOffset? NotBefore) : Event;
    }
}
