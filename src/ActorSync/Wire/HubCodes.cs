namespace ActorSync.Wire;

/// <summary>The protocol's error codes that code branches on, and which of them speak of the caller's credential.</summary>
internal static class HubCodes
{
    public const string InvalidRequest = "invalid_request";

    public const string TokenMissing = "token_missing";
    public const string TokenInvalid = "token_invalid";
    public const string TokenExpired = "token_expired";
    public const string TokenRevoked = "token_revoked";
    public const string InvalidGrant = "invalid_grant";

    public const string SyncDisabled = "sync_disabled";
    public const string AccountRestricted = "account_restricted";
    public const string DeviceMismatch = "device_mismatch";

    public const string LamportRegression = "lamport_regression";
    public const string ResyncRequired = "resync_required";
    public const string TooLarge = "too_large";
    public const string UnsupportedEncoding = "unsupported_encoding";
    public const string Throttled = "throttled";
    public const string Unavailable = "unavailable";
    public const string Blocked = "blocked";
    public const string NotFound = "not_found";

    public const string IncompleteSnapshot = "incomplete_snapshot";

    public const string InvalidCode = "invalid_code";
    public const string UnknownCode = "unknown_code";
    public const string AlreadyRedeemed = "already_redeemed";
    public const string Expired = "expired";

    /// <summary>The positive evidence: 401 with one of the codes that the protocol defines for it.</summary>
    public static bool IsInvalidCredential(int status, string? code) =>
        status == 401 && code is TokenMissing or TokenInvalid or TokenExpired or TokenRevoked or InvalidGrant;

    /// <summary>403 with one of the codes that the protocol defines for it: the account's or the device's, never an operation's.</summary>
    public static bool IsForbidden(int status, string? code) =>
        status == 403 && code is SyncDisabled or AccountRestricted or DeviceMismatch;

    /// <summary>A verdict that hangs on what time it is; with a clock far off it proves nothing.</summary>
    public static bool DependsOnTime(string? code) => code is TokenInvalid or TokenExpired;
}
