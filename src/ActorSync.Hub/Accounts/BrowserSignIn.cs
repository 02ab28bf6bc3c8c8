using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSync.Hub.Store;

namespace ActorSync.Hub.Accounts;

/// <summary>
/// Sign-in by a browser (RFC 6749 with PKCE, RFC 8252): a person proves who they are with a pairing code; their browser takes a code of ours back to the
/// program on the same machine, which exchanges it with the verifier that it alone knows.
/// </summary>
internal sealed class BrowserSignIn(AccessTokens tokens, Credentials credentials, HubOptions options)
{
    private const int RandomBytes = 32;
    private static readonly TimeSpan TicketLife = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan CodeLife = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    public string NewNonce() => Random();

    /// <summary>What the page's form carries, so that only a page of ours, in the browser it was given to, is answered.</summary>
    /// <param name="request">What the program asked for.</param>
    /// <param name="nonce">The browser's cookie.</param>
    public string Seal(SignInRequest request, string nonce)
    {
        var ticket = new SignInTicket(request, nonce, (options.Time.GetUtcNow() + TicketLife).ToUnixTimeSeconds());
        var text = Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(ticket));
        return $"{text}.{Base64Url.EncodeToString(Sign(text))}";
    }

    /// <summary>Null when it is not ours, not this browser's, or too old.</summary>
    public SignInRequest? Open(string sealedTicket, string? nonce)
    {
        if (nonce is null || sealedTicket.Split('.') is not [var text, var signature])
        {
            return null;
        }

        // Compared as it is written: nothing is decoded that we did not sign.
        if (!Same(signature, Base64Url.EncodeToString(Sign(text))))
        {
            return null;
        }

        var ticket = JsonSerializer.Deserialize<SignInTicket>(Base64Url.DecodeFromChars(text))!;
        return Same(ticket.Nonce, nonce) && ticket.ExpiresAt > options.Time.GetUtcNow().ToUnixTimeSeconds() ? ticket.Request : null;
    }

    /// <summary>Spends a pairing code. A form that is sent twice gets a code each time, for people press buttons twice.</summary>
    /// <param name="store">In the store's transaction.</param>
    /// <param name="pairingCode">Normalized.</param>
    /// <param name="nonce">The browser's cookie.</param>
    public SignInOutcome Authorize(HubStore store, SignInRequest request, string pairingCode, string nonce)
    {
        if (credentials.Spend(store, pairingCode, $"browser {nonce}", out var refusal) is not { } account)
        {
            return new SignInOutcome.Refused(refusal!);
        }

        var code = Random();
        store.Authorizations.Add(
            HashOf(code),
            account,
            request.Challenge,
            request.RedirectUri,
            store.Now + (long)CodeLife.TotalMilliseconds,
            store.Now - (long)Memory.TotalMilliseconds
        );
        return new SignInOutcome.Allowed(code);
    }

    /// <summary>A code for a credential, once. Used again, it ends the credential that it gave: somebody else has it.</summary>
    public GrantOutcome Exchange(HubStore store, string code, string verifier, string redirectUri, string deviceId, string? deviceName)
    {
        var invalid = new GrantOutcome.Refused(401, "invalid_grant", "the code is not good, or not for this program; sign in again");
        var hash = HashOf(code);
        if (
            store.Authorizations.Find(hash) is not { } row
            || !Same(row.Challenge, Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(verifier))))
            || !Same(row.RedirectUri, redirectUri)
        )
        {
            return invalid;
        }

        var account = store.Accounts.ByNumber(row.Account);
        if (row.UsedAt is not null)
        {
            store.Credentials.RevokeFamily(row.Family!.Value, store.Now);
            store.Doubt(account);
            return invalid;
        }

        if (row.ExpiresAt <= store.Now)
        {
            return invalid;
        }

        var granted = credentials.Join(store, account, deviceId, deviceName, out var family);
        store.Authorizations.Use(hash, family, store.Now);
        return granted;
    }

    private string Random()
    {
        Span<byte> random = stackalloc byte[RandomBytes];
        options.Chance.Fill(random);
        return Base64Url.EncodeToString(random);
    }

    private byte[] Sign(string text) => tokens.Derive("sign-in ticket", text);

    private static byte[] HashOf(string code) => SHA256.HashData(Encoding.UTF8.GetBytes(code));

    private static bool Same(string one, string other) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), Encoding.UTF8.GetBytes(other));

    private sealed record SignInTicket(SignInRequest Request, string Nonce, long ExpiresAt);
}

/// <summary>What a program asks for by the browser.</summary>
/// <param name="Challenge">S256, 43 characters.</param>
/// <param name="RedirectUri">On this machine's loopback.</param>
/// <param name="State">Echoed.</param>
internal sealed record SignInRequest(string Challenge, string RedirectUri, string State);

internal abstract record SignInOutcome
{
    private SignInOutcome() { }

    public sealed record Allowed(string Code) : SignInOutcome
    {
        public override string ToString() => "Allowed";
    }

    public sealed record Refused(string Message) : SignInOutcome;
}
