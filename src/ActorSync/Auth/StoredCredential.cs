using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Auth;

/// <summary>How a credential came to be.</summary>
internal enum CredentialOrigin
{
    None = 0,
    Paired,
    Pasted,
    Refreshed,
}

/// <summary>A refresh token. Never printed: <see cref="ToString"/> hides it.</summary>
internal sealed record RefreshToken(string Secret)
{
    public override string ToString() => "RefreshToken(hidden)";
}

/// <summary>
/// All that the store keeps of a profile's credential; signed out, it keeps the generation, the hub and the account, so that no generation is used twice.
/// </summary>
/// <remarks>Persisted: members are only added.</remarks>
internal sealed record StoredCredential
{
    public static readonly StoredCredential Nothing = new();

    public CredentialGeneration Generation { get; init; }

    public Uri? Hub { get; init; }

    public string? Account { get; init; }

    public string? Handle { get; init; }

    /// <summary>The journal's device id when this was stored. Another one now means a copied folder: the tokens are not ours.</summary>
    public DeviceId? Device { get; init; }

    public CredentialOrigin Origin { get; init; }

    /// <summary>Null when signed out.</summary>
    public AccessToken? Access { get; init; }

    /// <summary>Null for a pasted token.</summary>
    public RefreshToken? Refresh { get; init; }

    public DateTimeOffset ObtainedAt { get; init; }

    /// <summary>When the access token ends; null when the hub did not say.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>
    /// When <see cref="Refresh"/> was first sent; null before. Written before it is sent: the hub may have rotated it, and takes the old one for
    /// 60 seconds more, so whoever finds this set asks again at once.
    /// </summary>
    public DateTimeOffset? RefreshSentAt { get; init; }

    /// <summary>The code with which the hub refused <see cref="Refresh"/> for good; it is not sent again.</summary>
    public string? RefreshRefused { get; init; }

    /// <summary>A pairing whose answer we do not have yet.</summary>
    public PendingPairing? Pairing { get; init; }

    /// <summary>Why there is no credential any more; null when it was not the hub that ended it.</summary>
    public CredentialLoss? Loss { get; init; }

    /// <summary>A hub that does not know yet that this device has left it.</summary>
    public RevocationDebt? Debt { get; init; }

    public bool CanRefresh => Access is not null && Refresh is not null && RefreshRefused is null;

    public AuthProtocol.Binding? Binding =>
        Access is null || Hub is null ? null : new AuthProtocol.Binding(Hub, Account, Handle, ExpiresAt, CanRefresh);

    public AuthProtocol.Loss? Lost =>
        Loss is null || Hub is null ? null : new AuthProtocol.Loss(Hub, Account, Loss.Code, Loss.Text, Loss.At);

    public override string ToString() => $"StoredCredential({Generation}, {Origin})";
}

/// <summary>A credential that the hub took back, and its tokens, which nothing but the question whether it takes them again is sent with.</summary>
/// <param name="Code">The hub's.</param>
internal sealed record CredentialLoss(
    string Code,
    string Text,
    DateTimeOffset At,
    AccessToken Token,
    RefreshToken? Refresh,
    string? RefreshRefused,
    CredentialOrigin Origin,
    DateTimeOffset ObtainedAt,
    DateTimeOffset? ExpiresAt
)
{
    public override string ToString() => $"CredentialLoss({Code}, {At:O})";
}

/// <summary>The one call that a device that has left still makes.</summary>
internal sealed record RevocationDebt(Uri Hub, AccessToken Token, DateTimeOffset? ExpiresAt)
{
    public override string ToString() => $"RevocationDebt({Hub})";
}

/// <summary>What is needed to repeat a pairing whose answer was lost: the same nonce gets the same answer.</summary>
/// <param name="CodeDigest">SHA-256 of hub and code in hex; the code itself is not kept.</param>
internal sealed record PendingPairing(string CodeDigest, string Nonce)
{
    public override string ToString() => "PendingPairing(hidden)";
}
