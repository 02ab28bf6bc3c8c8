using ActorSync.Diagnostics;
using ActorSync.Tests.Wire;
using ActorSync.Wire;
using static ActorSync.Diagnostics.ErrorClass;
using static ActorSync.Tests.Diagnostics.Hostile;

namespace ActorSync.Tests.Diagnostics;

/// <summary>Every way to fail that we can make for real on loopback: what is met, and the call that meets it.</summary>
internal static class ErrorTable
{
    private const string Json = "application/json";

    public sealed record Case(ErrorClass Class, string Code, Func<Task<HubReply>> Meet);

    public static readonly IReadOnlyDictionary<string, Case> Cases = new Dictionary<string, Case>(StringComparer.Ordinal)
    {
        ["a port that refuses"] = new(TransientNetwork, "connect_refused", RefusedPort),
        ["a name that does not exist"] = new(
            TransientNetwork,
            "dns",
            () => Edge.SendAsync(Edge.Get(new Uri("http://hub.actorsync.invalid")))
        ),
        ["a listener that takes no connection"] = new(TransientNetwork, "connect_timeout", BlackHoled),
        ["a reset at once"] = new(TransientNetwork, "reset", () => Edge.MeetAsync(Reset)),
        ["a reset after the request"] = new(TransientNetwork, "reset", () => Edge.MeetAsync(After(Reset))),
        ["a reset in the middle of a request"] = new(TransientNetwork, "reset", ResetWhileSending),
        ["an end at once"] = new(TransientNetwork, "no_answer|reset", () => Edge.MeetAsync(End)),
        ["an end after the request"] = new(TransientNetwork, "no_answer", () => Edge.MeetAsync(After(End))),
        ["a reset inside the headers"] = new(
            TransientNetwork,
            "reset",
            () => Edge.MeetAsync(WriteThen("HTTP/1.1 200 OK\r\nContent-", Reset))
        ),
        ["an end inside the headers"] = new(
            TransientNetwork,
            "no_answer",
            () => Edge.MeetAsync(WriteThen("HTTP/1.1 200 OK\r\nContent-", End))
        ),
        ["a reset after the headers"] = new(TransientNetwork, "reset", () => Edge.MeetAsync(WriteThen(Head(100), Reset))),
        ["a body that ends early"] = new(TransientNetwork, "truncated", () => Edge.MeetAsync(WriteThen(Head(100) + "{", End))),
        ["a chunked body that ends early"] = new(
            TransientNetwork,
            "truncated",
            () => Edge.MeetAsync(WriteThen(Chunked + "5\r\n{\"a\":", End))
        ),
        ["a chunked body whose chunks are none"] = new(
            Protocol,
            "not_http",
            () => Edge.MeetAsync(WriteThen(Chunked + "zz\r\n{}\r\n0\r\n\r\n", End))
        ),
        ["no answer at all"] = new(
            TransientNetwork,
            "response_timeout",
            () => Edge.MeetAsync(After(Hold), Edge.ShortResponse with { ConnectTimeout = TimeSpan.FromSeconds(1) })
        ),
        ["no answer to a push"] = new(
            TransientNetwork,
            "response_timeout",
            () => Edge.MeetAsync(After(Hold), Edge.ShortResponse, push: true)
        ),
        ["a hub that stops taking the request"] = new(TransientNetwork, "send_timeout", StalledRequest),
        ["headers that trickle"] = new(
            TransientNetwork,
            "response_timeout",
            () =>
                Edge.MeetAsync(
                    After(c => c.DripAsync(Enumerable.Repeat("H", 4000), TimeSpan.FromMilliseconds(10))),
                    Edge.ShortResponse,
                    push: true
                )
        ),
        ["a body that stops"] = new(
            TransientNetwork,
            "idle_timeout",
            () => Edge.MeetAsync(WriteThen(Head(100) + "{\"a\"", Hold), Edge.ShortIdle)
        ),
        ["a body that trickles"] = new(
            TransientNetwork,
            "idle_timeout",
            () =>
                Edge.MeetAsync(
                    WriteThen(Head(60_000), c => c.DripAsync(Enumerable.Repeat(" ", 4000), TimeSpan.FromMilliseconds(10))),
                    Edge.ShortIdle
                )
        ),
        ["a body without end"] = new(Protocol, "answer_too_large", () => Edge.MeetAsync(WriteThen(Chunked, Endless))),
        ["a body that is too long and says so"] = new(
            Protocol,
            "answer_too_large",
            () => Edge.MeetAsync(WriteThen(Head(1_000_000_000), Hold))
        ),
        ["headers without end"] = new(Protocol, "answer_too_large", () => Edge.MeetAsync(WriteThen("HTTP/1.1 200 OK\r\n", EndlessHeaders))),
        ["something that is no HTTP"] = new(Protocol, "not_http", () => Edge.MeetAsync(WriteThen("220 mail.example ESMTP\r\n", Hold))),
        ["a gzip bomb"] = new(Protocol, "answer_too_large", GzipBomb),
        ["gzip that is none"] = new(Protocol, "answer_encoding", () => Answered("200 OK", Json, "{}", "Content-Encoding: gzip\r\n")),
        ["gzip that ends early"] = new(Protocol, "answer_encoding", TruncatedGzip),
        ["an encoding that we do not know"] = new(
            Protocol,
            "answer_encoding",
            () => Answered("200 OK", Json, "{}", "Content-Encoding: br\r\n")
        ),
        ["a self-signed certificate"] = new(TlsTrust, "tls_untrusted", () => TlsAsync(made => made.SelfSigned())),
        ["a certificate of an unknown authority"] = new(TlsTrust, "tls_untrusted", () => TlsAsync(made => made.Good())),
        ["an expired certificate"] = new(TlsTrust, "tls_expired", () => TlsAsync(made => made.Expired(), trusted: true)),
        ["a certificate of the future"] = new(ClockSkew, "tls_not_yet_valid", () => TlsAsync(made => made.NotYetValid(), trusted: true)),
        ["a certificate for another name"] = new(
            TlsTrust,
            "tls_name_mismatch",
            () => TlsAsync(made => made.ForAnotherName(), trusted: true)
        ),
        ["TLS to a port that speaks none"] = new(TlsHandshake, "tls_handshake", () => TlsToPlain(AnswerPlainly)),
        ["TLS to a port that ends"] = new(TlsHandshake, "tls_handshake", () => TlsToPlain(connection => connection.ReadAnyAsync())),
        ["TLS to a port that resets"] = new(TransientNetwork, "reset", () => TlsToPlain(ResetAfterHello)),
        ["TLS to a port that is silent"] = new(TransientNetwork, "connect_timeout", () => TlsToPlain(Hold, Edge.ShortConnect)),
        ["TLS that wants our certificate"] = new(TransientNetwork, "no_answer|reset", ClientCertificateWanted),
        ["plain http to a TLS port"] = new(TransientNetwork, "no_answer", PlainToTls),
        ["a proxy that wants a sign-in"] = new(
            Proxy,
            "proxy_auth",
            () => ThroughProxy("407 Proxy Authentication Required", "http://hub.actorsync.invalid")
        ),
        ["a proxy that wants a sign-in for a tunnel"] = new(
            Proxy,
            "proxy_auth",
            () => ThroughProxy("407 Proxy Authentication Required", "https://hub.actorsync.invalid")
        ),
        ["a proxy that makes no tunnel"] = new(
            Proxy,
            "proxy_tunnel",
            () => ThroughProxy("502 Bad Gateway", "https://hub.actorsync.invalid")
        ),
        ["a proxy that forbids"] = new(
            Proxy,
            "proxy_refused",
            () => Answered("403 Forbidden", "text/html", "<html>blocked</html>", "Via: 1.1 squid\r\n")
        ),
        ["a portal's page"] = new(CaptivePortal, "captive_portal", () => Answered("200 OK", "text/html", "<html>sign in</html>")),
        ["a portal's page that says it is JSON"] = new(
            CaptivePortal,
            "captive_portal",
            () => Answered("200 OK", "text/plain", "\r\n <!doctype html>")
        ),
        ["a portal's redirect"] = new(
            CaptivePortal,
            "redirected_elsewhere",
            () => Answered("302 Found", "text/html", "", "Location: http://portal.example/?from=hub\r\n")
        ),
        ["a portal that says so"] = new(
            CaptivePortal,
            "captive_portal",
            () => Answered("511 Network Authentication Required", "text/html", "<html>")
        ),
        ["a redirect to TLS"] = new(
            Protocol,
            "redirect",
            () => Answered("301 Moved Permanently", "text/html", "", "Location: https://127.0.0.1/\r\n")
        ),
        ["a redirect on the same host"] = new(
            Protocol,
            "redirect",
            () => Answered("307 Temporary Redirect", "text/html", "", "Location: /login\r\n")
        ),
        ["a redirect to nowhere"] = new(Protocol, "redirect", () => Answered("302 Found", Json, "{}")),
        ["a success that is no JSON"] = new(Protocol, "not_json", () => Answered("200 OK", "text/plain", "ok")),
        ["a 401 with a page"] = new(CaptivePortal, "captive_portal", () => Answered("401 Unauthorized", "text/html", "<html>")),
        ["a 401 without a body"] = new(Protocol, "foreign_refusal", () => Answered("401 Unauthorized", "text/plain", "")),
        ["a 401 of somebody else's"] = new(
            Protocol,
            "foreign_refusal",
            () => Answered("401 Unauthorized", Json, """{"error":"invalid_token","error_description":"no"}""")
        ),
        ["a 401 with half our envelope"] = new(
            Protocol,
            "foreign_refusal",
            () => Answered("401 Unauthorized", Json, """{"error":"token_revoked"}""")
        ),
        ["a 401 with our envelope in HTML"] = new(
            Protocol,
            "foreign_refusal",
            () => Answered("401 Unauthorized", "text/html", Envelope("token_revoked"))
        ),
        ["a 401 with a code for something else"] = new(
            Protocol,
            "foreign_refusal",
            () => Answered("401 Unauthorized", Json, Envelope("sync_disabled"))
        ),
        ["a 401 of ours, token_expired"] = new(
            AuthInvalid,
            "token_expired",
            () => Answered("401 Unauthorized", Json, Envelope("token_expired"))
        ),
        ["a 401 of ours, token_revoked"] = new(
            AuthInvalid,
            "token_revoked",
            () => Answered("401 Unauthorized", Json, Envelope("token_revoked"))
        ),
        ["a 401 of ours, expired by a clock that is off"] = new(
            ClockSkew,
            "clock_skew",
            () => Answered("401 Unauthorized", Json, Envelope("token_expired"), "Date: Tue, 01 Jan 2019 00:00:00 GMT\r\n")
        ),
        ["a 401 of ours, revoked, by a clock that is off"] = new(
            AuthInvalid,
            "token_revoked",
            () => Answered("401 Unauthorized", Json, Envelope("token_revoked"), "Date: Tue, 01 Jan 2019 00:00:00 GMT\r\n")
        ),
        ["a 403 of ours, sync_disabled"] = new(
            AuthForbidden,
            "sync_disabled",
            () => Answered("403 Forbidden", Json, Envelope("sync_disabled"))
        ),
        ["a 403 of ours, account_restricted"] = new(
            AuthForbidden,
            "account_restricted",
            () => Answered("403 Forbidden", Json, Envelope("account_restricted"))
        ),
        ["a 403 of ours, device_mismatch"] = new(
            AuthForbidden,
            "device_mismatch",
            () => Answered("403 Forbidden", Json, Envelope("device_mismatch"))
        ),
        ["a 403 with a code for something else"] = new(
            Protocol,
            "foreign_refusal",
            () => Answered("403 Forbidden", Json, Envelope("token_revoked"))
        ),
        ["a 403 with a page"] = new(CaptivePortal, "captive_portal", () => Answered("403 Forbidden", "text/html", "<html>")),
        ["a 404 of a web server"] = new(Protocol, "http_404", () => Answered("404 Not Found", "text/html", "<html>")),
        ["a 429"] = new(Throttled, "http_429", () => Answered("429 Too Many Requests", Json, Envelope("throttled"))),
        ["a 503 of ours"] = new(TransientServer, "http_503", () => Answered("503 Service Unavailable", Json, Envelope("unavailable"))),
        ["a 503 that throttles"] = new(Throttled, "http_503", () => Answered("503 Service Unavailable", Json, Envelope("throttled"))),
        ["a 502 of a balancer"] = new(TransientServer, "http_502", () => Answered("502 Bad Gateway", "text/html", "<html>")),
        ["a 408"] = new(TransientServer, "http_408", () => Answered("408 Request Timeout", "text/plain", "")),
    };
}
