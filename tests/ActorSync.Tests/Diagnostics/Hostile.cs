using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorSync.TestKit.Network;
using ActorSync.Tests.Wire;
using ActorSync.Wire;

namespace ActorSync.Tests.Diagnostics;

/// <summary>What the error table meets: scripts for adversaries, and the calls that run into them.</summary>
internal static class Hostile
{
    private const string Json = "application/json";

    public static string Chunked => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";

    public static string Envelope(string code) => $$"""{"error":"{{code}}","message":"No."}""";

    public static async Task<HubReply> Answered(string status, string mediaType, string body, string headers = "") =>
        await Edge.MeetAsync(AdversaryConnection.Answer(status, mediaType, body, headers));

    public static string Head(int length) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n";

    public static Task Hold(AdversaryConnection connection) => connection.HoldAsync();

    public static Task End(AdversaryConnection connection) => Task.CompletedTask;

    public static Task Reset(AdversaryConnection connection)
    {
        connection.Reset();
        return Task.CompletedTask;
    }

    public static Func<AdversaryConnection, Task> After(Func<AdversaryConnection, Task> then) =>
        async connection =>
        {
            await connection.ReadHeadAsync();
            await then(connection);
        };

    public static Func<AdversaryConnection, Task> WriteThen(string text, Func<AdversaryConnection, Task> then) =>
        After(async connection =>
        {
            await connection.WriteAsync(text);
            await then(connection);
        });

    public static async Task Endless(AdversaryConnection connection)
    {
        var chunk = $"1000\r\n{new string(' ', 0x1000)}\r\n";
        while (true)
        {
            await connection.WriteAsync(chunk);
        }
    }

    public static async Task EndlessHeaders(AdversaryConnection connection)
    {
        while (true)
        {
            await connection.WriteAsync($"X-More: {new string('x', 1000)}\r\n");
        }
    }

    public static async Task<HubReply> RefusedPort()
    {
        // Bound and not listening: the port stays ours, so nobody else can come to listen on it.
        using var bound = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bound.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return await Edge.SendAsync(Edge.Get(new Uri($"http://127.0.0.1:{((IPEndPoint)bound.LocalEndPoint!).Port}")));
    }

    public static async Task<HubReply> BlackHoled()
    {
        using var hole = await BlackHole.OpenAsync();
        return await Edge.SendAsync(
            Edge.Get((hole ?? throw new PlatformNotSupportedException("no black hole to be had")).Address),
            Edge.ShortConnect
        );
    }

    public static async Task<HubReply> ResetWhileSending()
    {
        await using var server = AdversaryServer.Start(After(Reset));
        return await Edge.SendAsync(Edge.Push(server.Address, 8 << 20));
    }

    public static async Task<HubReply> StalledRequest()
    {
        await using var server = AdversaryServer.Start(Hold);
        return await Edge.SendAsync(Edge.Push(server.Address, 32 << 20), Edge.ShortIdle);
    }

    public static async Task<HubReply> GzipBomb()
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

    public static async Task<HubReply> TruncatedGzip()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            gzip.Write(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, 5000))}]"));
        }

        return await Packed(packed.ToArray()[..2000]);
    }

    public static Task<HubReply> Packed(byte[] body) =>
        Edge.MeetAsync(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.WriteAsync(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {body.Length}\r\n\r\n"
            );
            await connection.WriteAsync(body);
            await connection.HoldAsync();
        });

    public static async Task<HubReply> TlsAsync(Func<TestCertificates, X509Certificate2> choose, bool trusted = false)
    {
        using var made = new TestCertificates();
        await using var server = AdversaryServer.Start(Hold, choose(made));
        return await Edge.SendAsync(
            Edge.Get(server.Address),
            adjust: handler => handler.SslOptions.CertificateChainPolicy = trusted ? made.Trust() : null
        );
    }

    public static async Task AnswerPlainly(AdversaryConnection connection)
    {
        await connection.ReadAnyAsync();
        await connection.AnswerAsync("400 Bad Request", "text/plain", "what?");
        await connection.HoldAsync();
    }

    public static async Task ResetAfterHello(AdversaryConnection connection)
    {
        await connection.ReadAnyAsync();
        connection.Reset();
    }

    public static async Task<HubReply> TlsToPlain(Func<AdversaryConnection, Task> script, HttpSettings? settings = null)
    {
        await using var server = AdversaryServer.Start(script);
        return await Edge.SendAsync(Edge.Get(new Uri($"https://127.0.0.1:{server.Port}")), settings);
    }

    public static async Task<HubReply> PlainToTls()
    {
        using var made = new TestCertificates();
        await using var server = AdversaryServer.Start(Hold, made.Good());
        return await Edge.SendAsync(Edge.Get(new Uri($"http://127.0.0.1:{server.Port}")));
    }

    // In TLS 1.3 the client is through its handshake before the server refuses.
    public static async Task<HubReply> ClientCertificateWanted()
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

    public static async Task<HubReply> ThroughProxy(string status, string hub)
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
