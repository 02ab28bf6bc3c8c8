using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorSync.Diagnostics;
using ActorSync.TestKit.Network;
using ActorSync.Tests.Wire;
using ActorSync.Wire;
using static ActorSync.Diagnostics.ErrorClass;

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

    private static string Chunked => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

    public static string Envelope(string code) => $$"""{"error":"{{code}}","message":"No."}""";

    public static async Task<HubReply> Answered(string status, string mediaType, string body, string headers = "") =>
        await Edge.MeetAsync(AdversaryConnection.Answer(status, mediaType, body, headers));

    private static string Head(int length) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n";

    private static Task Hold(AdversaryConnection connection) => connection.HoldAsync();

    private static Task End(AdversaryConnection connection) => Task.CompletedTask;

    private static Task Reset(AdversaryConnection connection)
    {
        connection.Reset();
        return Task.CompletedTask;
    }

    private static Func<AdversaryConnection, Task> After(Func<AdversaryConnection, Task> then) =>
        async connection =>
        {
            await connection.ReadHeadAsync();
            await then(connection);
        };

    private static Func<AdversaryConnection, Task> WriteThen(string text, Func<AdversaryConnection, Task> then) =>
        After(async connection =>
        {
            await connection.WriteAsync(text);
            await then(connection);
        });

    private static async Task Endless(AdversaryConnection connection)
    {
        var chunk = $"1000\r\n{new string(' ', 0x1000)}\r\n";
        while (true)
        {
            await connection.WriteAsync(chunk);
        }
    }

    private static async Task EndlessHeaders(AdversaryConnection connection)
    {
        while (true)
        {
            await connection.WriteAsync($"X-More: {new string('x', 1000)}\r\n");
        }
    }

    private static async Task<HubReply> RefusedPort()
    {
        // Bound and not listening: the port stays ours, so nobody else can come to listen on it.
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return await Edge.SendAsync(Edge.Get(new Uri($"http://127.0.0.1:{((IPEndPoint)bound.LocalEndPoint!).Port}")));
    }

    private static async Task<HubReply> BlackHoled()
    {
        using var hole = await BlackHole.OpenAsync();
        return await Edge.SendAsync(
            Edge.Get((hole ?? throw new PlatformNotSupportedException("no black hole to be had")).Address),
            Edge.ShortConnect
        );
    }

    private static async Task<HubReply> ResetWhileSending()
    {
        await using var server = AdversaryServer.Start(After(Reset));
        return await Edge.SendAsync(Edge.Push(server.Address, 8 << 20));
    }

    private static async Task<HubReply> StalledRequest()
    {
        await using var server = AdversaryServer.Start(Hold);
        return await Edge.SendAsync(Edge.Push(server.Address, 32 << 20), Edge.ShortIdle);
    }

    private static async Task<HubReply> GzipBomb()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (var i = 0; i < 512; i++)
            {
                gzip.Write(new byte[1 << 16]);
            }
        }

        return await Packed(packed.ToArray());
    }

    private static async Task<HubReply> TruncatedGzip()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, 5000))}]"));
        }

        return await Packed(packed.ToArray()[..2000]);
    }

    private static Task<HubReply> Packed(byte[] body) =>
        Edge.MeetAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n"
            );
            await connection.WriteAsync(body);
            await connection.HoldAsync();
        });

    private static async Task<HubReply> TlsAsync(Func<TestCertificates, X509Certificate2> choose, bool trusted = false)
    {
        using var made = new TestCertificates();
        await using var server = AdversaryServer.Start(Hold, choose(made));
        return await Edge.SendAsync(
            Edge.Get(server.Address),
            adjust: handler => handler.SslOptions.CertificateChainPolicy = trusted ? made.Trust() : null
        );
    }

    private static async Task AnswerPlainly(AdversaryConnection connection)
    {
        await connection.ReadAnyAsync();
        await connection.AnswerAsync("400 Bad Request", "text/plain", "what?");
        await connection.HoldAsync();
    }

    private static async Task ResetAfterHello(AdversaryConnection connection)
    {
        await connection.ReadAnyAsync();
        connection.Reset();
    }

    private static async Task<HubReply> TlsToPlain(Func<AdversaryConnection, Task> script, HttpSettings? settings = null)
    {
        await using var server = AdversaryServer.Start(script);
        return await Edge.SendAsync(Edge.Get(new Uri($"https://127.0.0.1:{server.Port}")), settings);
    }

    private static async Task<HubReply> PlainToTls()
    {
        using var made = new TestCertificates();
        await using var server = AdversaryServer.Start(Hold, made.Good());
        return await Edge.SendAsync(Edge.Get(new Uri($"http://127.0.0.1:{server.Port}")));
    }

    // In TLS 1.3 the client is through its handshake before the server refuses.
    private static async Task<HubReply> ClientCertificateWanted()
    {
        using var made = new TestCertificates();
        await using var server = AdversaryServer.StartTls(
            Hold,
            new SslServerAuthenticationOptions
            {
                ServerCertificate = made.Good(),
                ClientCertificateRequired = true,
                EnabledSslProtocols = SslProtocols.Tls13,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
            }
        );
        return await Edge.SendAsync(Edge.Get(server.Address), adjust: handler => handler.SslOptions.CertificateChainPolicy = made.Trust());
    }

    private static async Task<HubReply> ThroughProxy(string status, string hub)
    {
        await using var proxy = AdversaryServer.Answering(
            AdversaryConnection.Answer(status, "text/html", "<html>", "Proxy-Authenticate: Basic\r\n")
        );
        return await Edge.SendAsync(
            Edge.Get(new Uri(hub)),
            adjust: handler => (handler.UseProxy, handler.Proxy) = (true, new FixedProxy(proxy.Address))
        );
    }

    // WebProxy leaves loopback out by itself.
    private sealed class FixedProxy(Uri address) : IWebProxy
    {
        public ICredentials? Credentials { get; set; }

        public Uri GetProxy(Uri destination) => address;

        public bool IsBypassed(Uri host) => false;
    }
}
