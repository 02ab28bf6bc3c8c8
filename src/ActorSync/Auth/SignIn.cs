using System.Security.Cryptography;
using System.Text;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

/// <summary>One way in: the call that is made to the hub, and what its answer means.</summary>
internal abstract record SignIn
{
    private SignIn() { }

    public abstract HubCall Call { get; }

    public abstract Outcome Read(HubReply reply, DateTimeOffset now);

    /// <param name="pending">What the store knows of a pairing whose answer never came; its nonce is used again for the same code.</param>
    public static Start Begin(Pair pair, Uri hub, PendingPairing? pending, DeviceId device, string deviceName, IChance chance)
    {
        var code = Redeem.Normalize(pair.Code);
        if (code is null)
        {
            return new Start(null, RefusalCodes.InvalidCode());
        }

        var digest = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{hub.AbsoluteUri}\n{code}")));
        if (pending?.CodeDigest != digest)
        {
            Span<byte> nonce = stackalloc byte[16];
            chance.Fill(nonce);
            pending = new PendingPairing(digest, Convert.ToHexStringLower(nonce));
        }

        return new Start(new Redeem(hub, code, device, deviceName, pending), null);
    }

    public static Start Begin(UseToken use, Uri hub, DeviceId device, DateTimeOffset now)
    {
        var text = use.Token.Trim();
        return PastedToken.Parse(text) switch
        {
            null => new Start(null, RefusalCodes.NoToken()),
            { ExpiresAt: { } end } when end <= now => new Start(null, RefusalCodes.ExpiredToken(end, now)),
            var token => new Start(new Confirm(hub, new AccessToken(text), device, token), null),
        };
    }

    /// <summary>Exactly one of the two.</summary>
    public sealed record Start(SignIn? Attempt, SignInRefused? Refusal);

    public abstract record Outcome
    {
        private Outcome() { }

        public sealed record In(StoredCredential Credential) : Outcome;

        public sealed record Out(SignInRefused Refusal) : Outcome;
    }

    /// <summary>Redeems a pairing code.</summary>
    public sealed record Redeem(Uri Hub, string Code, DeviceId Device, string DeviceName, PendingPairing Pairing) : SignIn
    {
        private const string Alphabet = "ABCDEFGHJKMNPQRSTUVWXYZ23456789";
        private const int Length = 8;

        public override HubCall Call => HubCalls.Redeem(Hub, Code, Device, DeviceName, Pairing.Nonce);

        /// <summary>As a person types it: any case, blanks and hyphens. Null when it is no code.</summary>
        public static string? Normalize(string typed)
        {
            var code = string.Concat(typed.Where(static c => !char.IsWhiteSpace(c) && c != '-')).ToUpperInvariant();
            return code.Length == Length && code.All(static c => Alphabet.Contains(c, StringComparison.Ordinal)) ? code : null;
        }

        public override Outcome Read(HubReply reply, DateTimeOffset now) =>
            Granted(HubAnswers.Redeem(reply), Hub, Device, now, RefusalCodes.Pairing);

        public override string ToString() => $"Redeem({Hub})";
    }

    /// <summary>Exchanges the code of a browser sign-in.</summary>
    public sealed record Exchange(Uri Hub, string Code, string Verifier, Uri Redirect, DeviceId Device) : SignIn
    {
        public override HubCall Call => HubCalls.Token(Hub, Code, Verifier, Redirect, Device);

        public override Outcome Read(HubReply reply, DateTimeOffset now) =>
            Granted(HubAnswers.Token(reply), Hub, Device, now, RefusalCodes.Browser);

        public override string ToString() => $"Exchange({Hub})";
    }

    private static Outcome Granted(
        HubResult<TokenGrant> answer,
        Uri hub,
        DeviceId device,
        DateTimeOffset now,
        Func<string, string, SignInRefused> refusal
    ) =>
        answer switch
        {
            HubResult<TokenGrant>.Value { Content: var grant } when grant.Device != device => new Outcome.Out(RefusalCodes.WrongDevice()),
            HubResult<TokenGrant>.Value { Content: var grant } => new Outcome.In(
                new StoredCredential
                {
                    Hub = hub,
                    Account = grant.Account,
                    Handle = grant.Handle,
                    Origin = CredentialOrigin.Paired,
                    Access = grant.AccessToken,
                    Refresh = grant.RefreshToken is { } refresh ? new RefreshToken(refresh) : null,
                    ObtainedAt = now,
                    ExpiresAt = now + grant.ExpiresIn,
                }
            ),
            HubResult<TokenGrant>.Refused r => new Outcome.Out(refusal(r.Code, r.Message)),
            HubResult<TokenGrant>.Failed f => new Outcome.Out(RefusalCodes.NotReached(f.Failure)),
            _ => throw new InvalidOperationException("unknown answer"),
        };

    /// <summary>Asks the hub whose a pasted token is.</summary>
    public sealed record Confirm(Uri Hub, AccessToken Token, DeviceId Device, PastedToken Claims) : SignIn
    {
        public override HubCall Call => HubCalls.Me(Hub, Token);

        public override Outcome Read(HubReply reply, DateTimeOffset now) =>
            HubAnswers.Me(reply) switch
            {
                HubResult<HubIdentity>.Value { Content: var who } when who.Device != Device => new Outcome.Out(RefusalCodes.WrongDevice()),
                HubResult<HubIdentity>.Value { Content: var who } => new Outcome.In(
                    new StoredCredential
                    {
                        Hub = Hub,
                        Account = who.Account,
                        Handle = who.Handle,
                        Origin = CredentialOrigin.Pasted,
                        Access = Token,
                        ObtainedAt = now,
                        ExpiresAt = who.TokenExpiresAt ?? Claims.ExpiresAt,
                    }
                ),
                HubResult<HubIdentity>.Refused r => new Outcome.Out(RefusalCodes.Token(r.Code, r.Message)),
                HubResult<HubIdentity>.Failed f => new Outcome.Out(RefusalCodes.NotReached(f.Failure)),
                _ => throw new InvalidOperationException("unknown answer"),
            };

        public override string ToString() => $"Confirm({Hub})";
    }
}
