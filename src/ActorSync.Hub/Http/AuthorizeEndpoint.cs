using System.Text;
using System.Text.RegularExpressions;
using ActorSync.Hub.Accounts;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace ActorSync.Hub.Http;

/// <summary>The page that a person signs in on, for a program on their machine.</summary>
internal sealed partial class AuthorizeEndpoint(HubContext hub)
{
    private const string Cookie = "actorsync-sign-in";
    private const int MostState = 512;
    private const int MostRedirect = 512;
    private const int MostFormBytes = 16 << 10;

    private readonly PairingThrottle _pages = new(hub.Options.Time, hub.Options.Limits.SignInPagesPerMinute);

    public Task<HubAnswer> ShowAsync(HttpContext context)
    {
        if (_pages.Try(context.Connection.RemoteIpAddress) is { } wait)
        {
            return Task.FromResult(AuthorizePage.Fault(429, "Too many tries. Wait a minute.").After(wait));
        }

        // Nobody is sent anywhere before it is certain that it is a program on their own machine.
        var redirect = One(context, "redirect_uri");
        if (redirect is null || !IsLoopback(redirect))
        {
            return Task.FromResult(
                AuthorizePage.Fault(400, "The program did not say where to come back to: redirect_uri has to be http://127.0.0.1:PORT/…")
            );
        }

        var state = One(context, "state");
        if (state is null or "" || state.Length > MostState)
        {
            return Back(redirect, null, ("error", "invalid_request"), ("error_description", "state is missing or too long"));
        }

        if (One(context, "response_type") != "code")
        {
            return Back(redirect, state, ("error", "unsupported_response_type"), ("error_description", "response_type has to be code"));
        }

        var challenge = One(context, "code_challenge");
        if (challenge is null || One(context, "code_challenge_method") != "S256" || !Challenge().IsMatch(challenge))
        {
            return Back(redirect, state, ("error", "invalid_request"), ("error_description", "a code_challenge by S256 is needed"));
        }

        var nonce = hub.SignIn.NewNonce();
        var ticket = hub.SignIn.Seal(new SignInRequest(challenge, redirect, state), nonce);
        return Task.FromResult(
            AuthorizePage
                .Form(200, ticket, redirect)
                .With("Set-Cookie", $"{Cookie}={nonce}; Path=/authorize; Max-Age=600; HttpOnly; SameSite=Strict")
        );
    }

    public async Task<HubAnswer> SubmitAsync(HttpContext context)
    {
        var (body, refusal) = await hub.Bodies.ReadAsync(context, MostFormBytes);
        if (body is null)
        {
            return refusal!;
        }

        using var held = body;
        var form = QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body.Written.Span));
        var ticket = form.TryGetValue("ticket", out var tickets) && tickets.Count == 1 ? tickets.ToString() : "";
        var nonce = context.Request.Cookies[Cookie];
        if (hub.SignIn.Open(ticket, nonce) is not { } request)
        {
            return AuthorizePage.Fault(400, "This page is too old, or of another browser. Start again from the program.");
        }

        // The same codes as redeeming, so the same count.
        if (hub.Throttle.Try(context.Connection.RemoteIpAddress) is { } wait)
        {
            return AuthorizePage.Form(429, ticket, request.RedirectUri, "Too many tries. Wait a minute.").After(wait);
        }

        if (PairingCodes.Normalize(form.TryGetValue("code", out var typed) ? typed.ToString() : "") is not { } code)
        {
            return AuthorizePage.Form(400, ticket, request.RedirectUri, $"A code has {PairingCodes.Length} characters.");
        }

        return await hub.Store.RunAsync(store => hub.SignIn.Authorize(store, request, code, nonce!)) switch
        {
            SignInOutcome.Allowed allowed => await Back(request.RedirectUri, request.State, ("code", allowed.Code)),
            SignInOutcome.Refused refused => AuthorizePage.Form(400, ticket, request.RedirectUri, refused.Message),
            _ => throw new InvalidOperationException("a sign-in is allowed or refused"),
        };
    }

    private static Task<HubAnswer> Back(string redirect, string? state, params (string Name, string Value)[] values)
    {
        var query = values.Append(("state", state ?? "")).Where(v => v.Item2.Length > 0);
        var location = QueryHelpers.AddQueryString(redirect, query.Select(v => KeyValuePair.Create(v.Item1, (string?)v.Item2)));
        return Task.FromResult(AuthorizePage.Secured(HubAnswer.Html(303, "").With("Location", location), "'none'"));
    }

    /// <summary>RFC 8252: the loopback address by number, any port. A name could be resolved to somewhere else.</summary>
    private static bool IsLoopback(string redirect) =>
        redirect.Length <= MostRedirect
        && redirect.All(c => c is > ' ' and < '\x7f')
        && Uri.TryCreate(redirect, UriKind.Absolute, out var uri)
        && uri.Scheme == Uri.UriSchemeHttp
        && (uri.Host is "127.0.0.1" or "[::1]")
        && redirect.StartsWith($"http://{uri.Host}", StringComparison.Ordinal)
        && uri.UserInfo.Length == 0
        && uri.Fragment.Length == 0;

    /// <summary>Null when it is missing or there more than once.</summary>
    private static string? One(HttpContext context, string name) =>
        context.Request.Query[name] is { Count: 1 } values ? values.ToString() : null;

    [GeneratedRegex("^[A-Za-z0-9_-]{43}\\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Challenge();
}
