using ActorSync.Diagnostics;
using ActorSync.Wire;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

/// <summary>The texts for what a hub, or we, refuse. Codes are the protocol's where it has one.</summary>
internal static class RefusalCodes
{
    private const string PairAgain = "make a new code at the hub and run 'actorsync pair CODE --hub URL'";

    public static string WhyNotRenewed(string code, StoredCredential stored)
    {
        var what = code switch
        {
            HubCodes.TokenExpired => "the token has expired",
            HubCodes.TokenRevoked => "the hub revoked the token",
            _ => "the hub does not take the token",
        };
        return stored switch
        {
            { RefreshRefused: { } refused } => $"{what}, and it refused to renew it ({refused}): pair again",
            { Refresh: null } => $"{what}, and a pasted token cannot be renewed: pair this device or paste a new token",
            _ => $"{what}: pair again",
        };
    }

    public static SignInRefused InvalidCode() =>
        new("invalid_code", "that is no pairing code", "type the 8 characters as the hub shows them (no I, L, O, 0 or 1)");

    public static SignInRefused InvalidHub(string problem) =>
        new("invalid_hub", $"the hub's address {problem}", "correct the address and try again");

    public static SignInRefused NoToken() =>
        new("invalid_token", "that is no access token: it must be three parts joined by dots", "copy the whole token and nothing else");

    public static SignInRefused ExpiredToken(DateTimeOffset end, DateTimeOffset now) =>
        new(
            "token_expired",
            $"the token ended at {end.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z; the clock here says {now.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z",
            "get a new token, or set the clock right"
        );

    public static SignInRefused WrongDevice() =>
        new("device_mismatch", "the hub gave this for another device", "make a code or token for this device and try again");

    public static SignInRefused Superseded(string by) =>
        new("superseded", $"{by} took the place of this sign-in", "try again if it was meant");

    public static SignInRefused Unavailable(CredentialUnavailableException failure) =>
        new(CredentialUnavailableException.Code, failure.Message, failure.Remedy);

    public static SignInRefused NotReached(HubFailure failure) =>
        failure.Class == ErrorClass.Throttled
            ? new(
                HubCodes.Throttled,
                "the hub has seen too many tries and asks for a pause",
                $"wait {(int)Math.Ceiling((failure.RetryAfter ?? TimeSpan.FromMinutes(1)).TotalSeconds)} s and try again"
            )
            : new(
                failure.Code,
                $"nothing was changed: {failure.Message}",
                $"{failure.Remedy}; then try again, the same code or token is still good"
            );

    /// <summary>For a code that the hub refused to redeem.</summary>
    public static SignInRefused Pairing(string code, string message) =>
        code switch
        {
            HubCodes.InvalidCode => InvalidCode(),
            HubCodes.UnknownCode => new SignInRefused(
                code,
                "the hub does not know this code",
                "check the characters and the hub's address"
            ),
            HubCodes.AlreadyRedeemed => new SignInRefused(code, "the code was used already, and each is good for one device", PairAgain),
            HubCodes.Expired => new SignInRefused(code, "the code has expired: it is good for 5 minutes", PairAgain),
            _ => Other(code, message),
        };

    /// <summary>For the code of a browser sign-in that the hub does not exchange.</summary>
    public static SignInRefused Browser(string code, string message) =>
        code is HubCodes.InvalidGrant or HubCodes.InvalidCode or HubCodes.Expired
            ? new SignInRefused(
                code,
                "the hub does not take the browser's answer (any more)",
                "sign in again: 'actorsync sign-in --hub URL'"
            )
            : Other(code, message);

    /// <summary>For a token that the hub does not confirm.</summary>
    public static SignInRefused Token(string code, string message) =>
        code switch
        {
            HubCodes.TokenExpired => new SignInRefused(code, "the hub says that the token has expired", "get a new token"),
            HubCodes.TokenRevoked => new SignInRefused(code, "the hub says that the token was revoked", "get a new token"),
            HubCodes.TokenInvalid or HubCodes.TokenMissing => new SignInRefused(
                code,
                "the hub does not know this token",
                "check that the token was made by this hub"
            ),
            _ => Other(code, message),
        };

    public static HubFailure StoreFailure(CredentialUnavailableException failure) =>
        new(
            failure.DiskFull ? ErrorClass.StorageFull : ErrorClass.LocalResource,
            CredentialUnavailableException.Code,
            failure.Message,
            failure.Remedy
        );

    /// <summary>A refusal of a refresh that says nothing final about it, and nothing against the token in hand.</summary>
    public static HubFailure RenewalFailure(ErrorClass kind, string code, string message) =>
        new(
            kind == ErrorClass.AuthInvalid ? ErrorClass.Protocol : kind,
            code,
            $"the hub refused the refresh ({code}): {message}",
            "nothing: it is tried again by itself"
        );

    private static SignInRefused Other(string code, string message) =>
        new(code, message.Length > 0 ? message : $"the hub refused ({code})", "see the hub's account page, or try again later");
}
