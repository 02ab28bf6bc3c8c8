using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Platform;
using ActorSync.Wire;

namespace ActorSync.Auth.Browser;

/// <summary>What a browser is sent to the hub's page with: RFC 6749 4.1.1, PKCE S256 (RFC 7636), a loopback redirect (RFC 8252 7.3).</summary>
/// <param name="Endpoint">The page, https or loopback; it may have a query of its own.</param>
/// <param name="Extra">Parameters beside the protocol's, such as an OpenID provider's <c>client_id</c> and <c>scope</c>.</param>
internal sealed record AuthorizationRequest(Uri Endpoint, ImmutableArray<(string Name, string Value)> Extra = default)
{
    public const string CallbackPath = "/callback";
    private const int SecretBytes = 32;

    /// <summary>The page of a hub of our protocol.</summary>
    public static AuthorizationRequest Of(Uri hub) => new(new Uri(hub.GetLeftPart(UriPartial.Path).TrimEnd('/') + HubPaths.Authorize));

    /// <summary>43 characters of base64url from 32 random bytes: as a state and as a verifier.</summary>
    public static string NewSecret(IChance chance)
    {
        Span<byte> bytes = stackalloc byte[SecretBytes];
        chance.Fill(bytes);
        return Base64Url(bytes);
    }

    /// <summary>S256 of RFC 7636 4.2.</summary>
    public static string Challenge(string verifier) => Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier)));

    public static Uri RedirectTo(int port) => new($"http://127.0.0.1:{port}{CallbackPath}");

    public Uri Page(string state, string verifier, Uri redirect)
    {
        ReadOnlySpan<(string, string)> own =
        [
            ("response_type", "code"),
            ("code_challenge", Challenge(verifier)),
            ("code_challenge_method", "S256"),
            ("redirect_uri", redirect.AbsoluteUri),
            ("state", state),
        ];
        var page = new UriBuilder(Endpoint);
        var query = new StringBuilder(page.Query.TrimStart('?'));
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)[.. own, .. Extra.IsDefault ? [] : Extra])
        {
            query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        }

        page.Query = query.ToString();
        return page.Uri;
    }

    private static string Base64Url(ReadOnlySpan<byte> bytes) =>
        Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}

/// <summary>What came back: a code, good once, and what proves that we asked for it. Never printed.</summary>
internal sealed record AuthorizationCode(string Code, string Verifier, Uri Redirect)
{
    public override string ToString() => "AuthorizationCode(hidden)";
}
