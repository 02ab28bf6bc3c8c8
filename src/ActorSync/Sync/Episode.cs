using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Sync;

/// <summary>One story of a credential that the hub does not take; two lanes that meet it together are in the same one.</summary>
/// <remarks>
/// <code>
///  None ──401──► Confirming ──renewed──► None
///   │               │  └──not now──► Waiting ──► Confirming
///   │               └──cannot renew──► Asking ──auth/me: 401──► Declaring ──stored──► Paused (lost)
///   │                                     │ └──no evidence──► Waiting                    │ auth/me: 200
///   │                                     └──200──► None                                 └──► as a new credential
///   └──403──► Paused ──auth/me: 200──► Trial ──the hub takes something──► None
///               ▲───────────refused again─┘
/// </code>
/// A newer credential or new settings end each of them. Nothing but Declaring touches the credential.
/// </remarks>
internal abstract record Episode
{
    private Episode() { }

    public sealed record None : Episode
    {
        public static readonly None Instance = new();
    }

    /// <summary>The owner of the credential has been asked what to make of a 401.</summary>
    /// <param name="Asked">It was <c>auth/me</c> that refused it: that is confirmation enough.</param>
    public sealed record Confirming(CredentialGeneration Generation, string Code, int Tries, bool Asked = false) : Episode;

    /// <summary>It cannot be renewed; <c>auth/me</c> is asked with the same token before anything is lost.</summary>
    public sealed record Asking(CredentialGeneration Generation, string Code, int Tries, string Text) : Episode;

    /// <summary>The owner of the credential has been told that it is lost.</summary>
    public sealed record Declaring(CredentialGeneration Generation, string Code, int Tries, string Text) : Episode;

    /// <summary>The credential could not be renewed now.</summary>
    public sealed record Waiting(CredentialGeneration Generation, string Code, int Tries, string Text, Moment RetryAt) : Episode
    {
        /// <summary>The hub says that it takes the token: what is sent next decides.</summary>
        public bool ThenSend { get; init; }
    }

    /// <param name="Failures">Probes and trials that were refused since the episode began.</param>
    public sealed record Paused(CredentialGeneration Generation, string Code, string Text, Moment Since, int Failures, Moment RetryAt)
        : Episode;

    /// <summary>A probe was taken: lanes may send again; what they meet decides.</summary>
    public sealed record Trial(Paused Before, Moment Since) : Episode;
}

/// <summary>What is said about a credential that the hub does not take.</summary>
internal static class PauseTexts
{
    public const string CredentialUnavailable = "credential_unavailable";
    public const string AccountChanged = "account_changed";

    public static string For(string code, string said) =>
        code switch
        {
            "token_missing" => "the hub got no token; pair this device again",
            "token_invalid" => "the hub does not know the token; pair this device again",
            "token_expired" => "the token has expired; pair this device again, or paste a new token",
            "token_revoked" => "the token was revoked at the hub; pair this device again",
            "sync_disabled" => "sync is switched off for this account at the hub; it goes on by itself when it is switched on",
            "account_restricted" => "the account is restricted at the hub; it goes on by itself when that ends",
            "device_mismatch" => "the hub knows this token as another device's; pair this device again",
            _ => said.Length > 0 ? said : code,
        };
}
