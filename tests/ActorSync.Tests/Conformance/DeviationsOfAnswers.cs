using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Nodes;

namespace ActorSync.Tests.Conformance;

internal static partial class Deviations
{
    private static ImmutableArray<(string, string, Func<Deviation>)> OfAnswers =>
        [
            (
                "the protocol's version is not told",
                "probes.health",
                () => Answering(a => a.Path == "/health", json => json.Remove("protocol"))
            ),
            ("an error has no envelope", "requests.unknown_path", () => OnErrors(told => told with { Body = "no"u8.ToArray() })),
            ("an error has no message", "requests.garbage", () => Answering(_ => true, DropMessage)),
            ("an error is a page", "requests.unknown_path", () => OnErrors(told => Typed(told, "text/html"))),
            ("an unknown path is elsewhere", "requests.unknown_path", Redirecting),
            ("a mistake of the caller is the hub's fault", "requests.garbage", () => Statuses(400, 500)),
            ("405 does not say what is allowed", "requests.unknown_method", () => OnErrors(told => Without(told, "allow"))),
            (
                "a request's id is not repeated",
                "requests.id_repeated",
                () => new Deviation { Tell = (_, told) => Without(told, "x-request-id") }
            ),
            ("a request's id is repeated whatever it is", "requests.id_made_up", Parroting),
            ("a long body is told without its limit", "limits.body", () => Answering(IsPush, json => json.Remove("limit_bytes"))),
            ("another encoding is passed over", "limits.encoding", () => new Deviation { Ask = Unencoded }),
            ("what is no gzip is read as it is", "limits.broken_gzip", () => new Deviation { Ask = Unencoded }),
            ("a capture that is not complete is taken", "hangar.incomplete", () => Told204("/v1/me/hangar")),
            ("there is no side collection", "hangar.complete", () => Retarget("/v1/me/hangar", "/v1/me/nothing")),
            ("the browser is led anywhere", "browser.redirect", LedAnywhere),
            ("a sign-in needs no PKCE", "browser.wrong_request", () => Retarget("not_code_challenge", "code_challenge")),
            ("what a device says of itself is lost", "account.describe", () => Told204("/v1/devices/self")),
            (
                "the device is not listed",
                "account.devices",
                () => new Deviation { Tell = (a, t) => a.Path == "/v1/devices" ? t with { Body = "[]"u8.ToArray() } : t }
            ),
            ("who it is is not told", "account.me", () => Answering(a => a.Path == "/v1/auth/me", json => json.Remove("token_expires_at"))),
        ];

    private static ImmutableArray<(string, string, Func<Deviation>)> OfDoors =>
        [
            ("any token is good", "tokens.foreign", AnyToken),
            ("no token is needed", "tokens.missing", AnyToken),
            ("a signature is not looked at", "tokens.altered", AnyToken),
            ("a token's end is not looked at", "tokens.expired", AnyToken),
            ("a socket needs no token", "socket.token", AnyToken),
            ("an account that may not sync does", "tokens.disabled", () => Statuses(403, 200)),
            ("a refresh token is not replaced", "refresh.rotates", SameRefreshToken),
            ("a lost answer ends the pairing", "refresh.grace", OneRefresh),
            ("another device renews", "refresh.invalid_grant", () => Statuses(401, 200)),
            (
                "who leaves can still come in",
                "pairing.revoke_self",
                () => new Deviation { Instead = a => a.Method == "DELETE" ? NoContent(a) : null }
            ),
            ("a revoked socket is closed like any other", "pairing.revoke_self", () => new Deviation { Close = _ => [0x03, 0xE8] }),
            ("a code is good twice", "pairing.used_code", () => Statuses(409, 200)),
            ("the same nonce gets another answer", "pairing.same_nonce", OtherAnswers),
        ];

    private static Deviation OnErrors(Func<Told, Told> change) => new() { Tell = (_, told) => told.Status >= 400 ? change(told) : told };

    private static Told Typed(Told told, string type) => told with { Headers = told.Headers.SetItem("content-type", type) };

    private static Told Without(Told told, string header) => told with { Headers = told.Headers.Remove(header) };

    private static void DropMessage(JsonObject json)
    {
        if (json.ContainsKey("error"))
        {
            json.Remove("message");
        }
    }

    private static Deviation Redirecting() =>
        new()
        {
            Tell = (_, told) =>
                told.Status == 404 ? new Told(302, told.Headers.Remove("content-type").Add("location", "/health"), []) : told,
        };

    private static Deviation LedAnywhere() =>
        new()
        {
            Tell = (asked, told) =>
                asked.Path == "/authorize" && told.Status == 400
                    ? new Told(303, told.Headers.SetItem("location", "https://example.com/callback"), [])
                    : told,
        };

    private static Deviation Parroting() =>
        new()
        {
            Tell = (asked, told) =>
                asked.Header("x-request-id") is { } id ? told with { Headers = told.Headers.SetItem("x-request-id", id) } : told,
        };

    private static Asked Unencoded(Asked asked) => asked with { Headers = asked.Headers.Remove("content-encoding") };

    // The first token that was shown opens every door to everybody.
    private static Deviation AnyToken()
    {
        string? first = null;
        return new Deviation
        {
            Ask = asked =>
            {
                first ??= asked.Header("authorization");
                return first is null ? asked : asked with { Headers = asked.Headers.SetItem("authorization", first) };
            },
        };
    }

    private static Deviation SameRefreshToken() =>
        new()
        {
            Tell = (asked, told) =>
                asked.Path == "/v1/auth/refresh" && told.Status == 200
                    ? Changed(told, json => json["refresh_token"] = Text(Parse(asked.Body)!["refresh_token"]))
                    : told,
        };

    private static Deviation OneRefresh()
    {
        var used = new HashSet<string>(StringComparer.Ordinal);
        return new Deviation
        {
            Instead = asked =>
                asked.Path == "/v1/auth/refresh" && !used.Add(Text(Parse(asked.Body)!["refresh_token"]))
                    ? new Told(
                        401,
                        ImmutableDictionary<string, string>.Empty.Add("content-type", "application/json"),
                        Encoding.UTF8.GetBytes("{\"error\":\"invalid_grant\",\"message\":\"used\"}")
                    )
                    : null,
        };
    }

    private static Deviation OtherAnswers()
    {
        var answers = 0;
        return Answering(
            a => a.Path == "/v1/auth/devices/redeem",
            json =>
            {
                if (json.ContainsKey("refresh_token") && ++answers > 1)
                {
                    json["refresh_token"] = "another-token-than-before";
                }
            }
        );
    }
}
