using Xunit;

namespace ActorSync.Tests.Host;

/// <summary>Requests as bytes, with what the answer's status begins with; nothing is a refusal without an HTTP/1.1 answer.</summary>
public static class ControlAttacks
{
    /// <summary>Each is a way in that worked somewhere. Every one but the last is refused; the last shows that the rig would let a right one through.</summary>
    public static TheoryData<string, string, string> All()
    {
        const string Good = "Host: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
        string[] noToken = ["Host: {host}\r\n", "Content-Type: application/json\r\nContent-Length: 2\r\n"];
        var line = "POST /host/actors HTTP/1.1\r\n";
        return new TheoryData<string, string, string>
        {
            { "no token", line + string.Concat(noToken) + "\r\n{}", "401" },
            { "a wrong token", line + Good.Replace("{token}", new string('0', 64)) + "\r\n{}", "401" },
            { "half of the token", line + Good.Replace("{token}", "{half}") + "\r\n{}", "401" },
            { "the token with more behind it", line + Good.Replace("{token}", "{token}0") + "\r\n{}", "401" },
            { "the token in the query", "POST /host/actors?token={token} HTTP/1.1\r\n" + string.Concat(noToken) + "\r\n{}", "400" },
            { "the token in a cookie", line + string.Concat(noToken) + "Cookie: token={token}\r\n\r\n{}", "401" },
            { "the token as basic password", line + Good.Replace("Bearer {token}", "Basic {basic}") + "\r\n{}", "401" },
            { "two tokens", line + Good + "Authorization: Bearer {token}\r\n\r\n{}", "401" },
            { "a name that was rebound to loopback", line + Good.Replace("{host}", "evil.example:{port}") + "\r\n{}", "421" },
            { "a rebound name that begins like ours", line + Good.Replace("{host}", "127.0.0.1.evil.example:{port}") + "\r\n{}", "421" },
            { "our name on another port", line + Good.Replace("{host}", "127.0.0.1:1") + "\r\n{}", "421" },
            { "our name without a port", line + Good.Replace("{host}", "127.0.0.1") + "\r\n{}", "421" },
            { "no host", line + Good.Replace("Host: {host}\r\n", "") + "\r\n{}", "400" },
            { "two hosts", line + Good + "Host: evil.example\r\n\r\n{}", "400" },
            { "another host in the request line", line.Replace(" /", " http://evil.example/") + Good + "\r\n{}", "400" },
            { "a page of another origin", line + Good + "Origin: https://evil.example\r\n\r\n{}", "403" },
            { "a page from a sandbox or a file", line + Good + "Origin: null\r\n\r\n{}", "403" },
            { "a page of another port of this machine", line + Good + "Origin: http://127.0.0.1:1\r\n\r\n{}", "403" },
            { "a page of another site without an origin", line + Good + "Sec-Fetch-Site: cross-site\r\n\r\n{}", "403" },
            { "a form, as a page may send it unasked", line + Good.Replace("application/json", "text/plain") + "\r\n{}", "415" },
            { "a form with another type", line + Good.Replace("application/json", "application/x-www-form-urlencoded") + "\r\n{}", "415" },
            { "a link", "GET /host/actors HTTP/1.1\r\n" + Good + "\r\n{}", "405" },
            { "a preflight", "OPTIONS /host/actors HTTP/1.1\r\n" + Good + "Origin: https://evil.example\r\n\r\n{}", "405" },
            {
                "TRACE, which would show the token",
                "TRACE /host/actors HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n",
                "405"
            },
            { "another method in a header", "GET /host/actors HTTP/1.1\r\n" + Good + "X-HTTP-Method-Override: POST\r\n\r\n{}", "405" },
            {
                "a WebSocket of another origin",
                "GET /host/logs HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                "405"
            },
            {
                "an upgrade with the token",
                line + Good + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n{}",
                "403"
            },
            {
                "an upgrade to HTTP/2",
                line + Good + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n{}",
                "403"
            },
            { "HTTP/2 from the start", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "" },
            {
                "a body in chunks",
                line + Good.Replace("Content-Length: 2", "Transfer-Encoding: chunked") + "\r\n2\r\n{}\r\n0\r\n\r\n",
                "411"
            },
            { "two lengths of one body", line + Good + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "4" },
            { "two different lengths", line + Good + "Content-Length: 100\r\n\r\n{}", "400" },
            { "a length in disguise", line + Good.Replace("Content-Length: 2", "Transfer-Encoding : chunked") + "\r\n0\r\n\r\n", "4" },
            { "a line that is folded", line + Good + "X-A: b\r\n c\r\n\r\n{}", "400" },
            { "a path around the profile", "POST /v1/../host/actors/../../v1/none/status HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "an escaped path", "POST /v1/%2e%2e%2fhost%2factors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "two slashes", "POST //host/actors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "another spelling", "POST /HOST/actors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "a profile that is a path", "POST /v1/..%2f..%2fetc/status HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "a huge body", line + Good.Replace("Content-Length: 2", "Content-Length: 1073741824") + "\r\n{}", "413" },
            { "huge headers", line + Good + "X-A: {20k}\r\n\r\n{}", "431" },
            { "a thousand headers", line + Good + "{1000 headers}\r\n{}", "431" },
            { "a huge request line", "POST /host/{20k} HTTP/1.1\r\n" + Good + "\r\n{}", "414" },
            { "no JSON", line + Good + "\r\n<>", "409" },
            { "TLS where none is", "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000", "400" },
            { "nothing but what is right", line + Good + "\r\n{}", "200" },
        };
    }
}
