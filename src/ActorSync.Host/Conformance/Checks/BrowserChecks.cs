using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Sign-in with a browser, as far as it goes without a person.</summary>
internal static class BrowserChecks
{
    private const string Rule = "Signing in: GET /authorize";
    private const string TokenRule = "Signing in: POST /v1/auth/token";
    private const string Redirect = "http://127.0.0.1:1/callback";

    public static readonly ImmutableArray<Check> All =
    [
        new("browser.page", Rule, "A request that is right gets a page for a person", PageAsync),
        new("browser.redirect", Rule, "Nobody is led to anything but a loopback address by number", RedirectAsync),
        new("browser.wrong_request", Rule, "A request without PKCE or state leads back with the error", WrongRequestAsync),
        new("browser.token", TokenRule, "A code that the hub did not give is 401 invalid_grant", TokenAsync),
    ];

    private static async Task PageAsync(Session s)
    {
        var page = await GetAsync(s, Address(s, Redirect));
        page.Is(200);
        Expect.That(
            page.Header("content-type")?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true,
            $"Content-Type is '{page.Header("content-type")}', not text/html"
        );
        Expect.That(page.Body.Length > 0, "the page is empty");
    }

    private static async Task RedirectAsync(Session s)
    {
        foreach (
            var redirect in new[]
            {
                "",
                "https://example.com/callback",
                "http://example.com/callback",
                "http://localhost:1/callback",
                "http://127.0.0.1.example.com:1/callback",
                "http://127.0.0.1@example.com/callback",
                "javascript:alert(1)",
            }
        )
        {
            var answer = await GetAsync(s, Address(s, redirect));
            Expect.That(
                answer.Status is >= 400 and < 500 && answer.Header("location") is null,
                $"redirect_uri '{redirect}': expected a refusal that leads nowhere, found {answer.Status} {answer.Header("location")}"
            );
        }

        (await GetAsync(s, Address(s, "http://127.0.0.1:65535/any/path"))).Is(200);
        (await GetAsync(s, Address(s, "http://[::1]:1/callback"))).Is(200);
    }

    private static async Task WrongRequestAsync(Session s)
    {
        foreach (var part in new[] { "state", "code_challenge", "code_challenge_method", "response_type" })
        {
            var address = Address(s, Redirect);
            var without = address.Replace($"{part}=", $"not_{part}=", StringComparison.Ordinal);
            var answer = await GetAsync(s, without);
            Expect.Equal(303, answer.Status, $"the status without {part}");
            var location = answer.Header("location") ?? "";
            Expect.That(location.StartsWith($"{Redirect}?", StringComparison.Ordinal), $"without {part}: leads to '{location}'");
            Expect.That(
                location.Contains("error=", StringComparison.Ordinal) && !location.Contains("?code=") && !location.Contains("&code="),
                $"without {part}: leads back with '{location}'"
            );
        }
    }

    private static async Task TokenAsync(Session s)
    {
        var body =
            $"{{\"code\":\"{s.Way.Random(16)}\",\"code_verifier\":\"{s.Way.Random(32)}\",\"redirect_uri\":\"{Redirect}\",\"device_id\":\"x\"}}";
        var answer = await s.Nobody.PostAsync("/v1/auth/token", body);
        Session.Require(answer.Status != 429, "the hub throttles signing in; wait a minute");
        answer.Refuses(401, "invalid_grant");
    }

    private static async Task<Answer> GetAsync(Session s, string address)
    {
        var answer = await s.Nobody.GetAsync(address);
        Session.Require(answer.Status != 429, "the hub throttles signing in; wait a minute");
        return answer;
    }

    private static string Address(Session s, string redirect) =>
        $"/authorize?response_type=code&code_challenge={s.Way.Random(32)[..43]}&code_challenge_method=S256"
        + $"&redirect_uri={Uri.EscapeDataString(redirect)}&state={s.Way.Random(8)}";
}
