using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorSync.TestKit.Network;

namespace ActorSync.IntegrationTests.Adversaries;

/// <summary>What stands between a device and its hub: carries honestly until it is told to do something else to each request.</summary>
public sealed class Interceptor : IAsyncDisposable
{
    private readonly HttpClient _hub;
    private readonly AdversaryServer _server;
    private int _requests;
    private int _faults;
    private int _refreshes;
    private long _lastGood;

    /// <summary>On plain http, as a process that trusts no certificate of ours can speak it on loopback.</summary>
    public Interceptor(Uri hub)
    {
        _hub = Client(hub);
        _server = AdversaryServer.Start(RunAsync);
    }

    public Interceptor(Uri hub, TestCertificates certificates)
    {
        _hub = Client(hub);
        Certificate = certificates.Good();
        _server = AdversaryServer.StartTls(
            RunAsync,
            new SslServerAuthenticationOptions { ServerCertificateSelectionCallback = (_, _) => Certificate! }
        );
    }

    public Uri Address => _server.Address;

    /// <summary>What it shows from the next connection on.</summary>
    public X509Certificate2? Certificate { get; set; }

    /// <summary>Null carries the request to the hub.</summary>
    public Func<AdversaryConnection, Task>? Fault { get; set; }

    /// <summary>Asked for each request while there is no <see cref="Fault"/>; null carries it.</summary>
    public Func<Func<AdversaryConnection, Task>?>? Chance { get; set; }

    /// <summary>Awaited with the request line between the hub's answer and its way back; null passes it on at once.</summary>
    public Func<string, Task>? Hold { get; set; }

    /// <summary>Each request line that was read, in order, without its query.</summary>
    public ConcurrentQueue<string> Lines { get; } = new();

    public int Requests => _requests;

    public int Faults => _faults;

    /// <summary>How many requests asked for a new token.</summary>
    public int Refreshes => _refreshes;

    /// <summary>When the hub last answered with success and JSON, as <c>Stopwatch</c> counts.</summary>
    public long LastGood => Interlocked.Read(ref _lastGood);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _hub.Dispose();
    }

    // One request a connection, so that the next one meets what is in force then.
    private async Task RunAsync(AdversaryConnection connection)
    {
        if (await connection.ReadRequestAsync() is not { } request)
        {
            return;
        }

        Interlocked.Increment(ref _requests);
        var line = request.Head.Split(" HTTP/", 2)[0].Split('?', 2)[0];
        Lines.Enqueue(line);
        if (request.Head.StartsWith("POST /v1/auth/refresh", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref _refreshes);
        }

        if ((Fault ?? Chance?.Invoke()) is { } fault)
        {
            Interlocked.Increment(ref _faults);
            await fault(connection);
            return;
        }

        using var carried = Read(request);
        using var answer = await _hub.SendAsync(carried);
        if (answer.StatusCode == HttpStatusCode.OK)
        {
            Interlocked.Exchange(ref _lastGood, Stopwatch.GetTimestamp());
        }

        if (Hold is { } hold)
        {
            await hold(line);
        }

        var body = await answer.Content.ReadAsByteArrayAsync();
        var head = new StringBuilder($"HTTP/1.1 {(int)answer.StatusCode} {answer.ReasonPhrase}\r\nContent-Length: {body.Length}\r\n");
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Content-Length" or "Transfer-Encoding" or "Connection"))
            {
                head.Append($"{name}: {string.Join(", ", values)}\r\n");
            }
        }

        head.Append("Connection: close\r\n\r\n");
        await connection.WriteAsync(head.ToString());
        // A 204 has no length and no body.
        await connection.WriteAsync(body);
    }

    private static HttpClient Client(Uri hub) =>
        new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = hub };

    private static HttpRequestMessage Read(AdversaryRequest request)
    {
        var line = request.Head.Split("\r\n")[0].Split(' ');
        var carried = new HttpRequestMessage(new HttpMethod(line[0]), line[1].TrimStart('/'));
        if (request.Body.Length > 0)
        {
            carried.Content = new ByteArrayContent(request.Body);
            carried.Content.Headers.TryAddWithoutValidation("Content-Type", request.Header("Content-Type"));
            if (request.Header("Content-Encoding") is { } encoding)
            {
                carried.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
            }
        }

        if (request.Header("Authorization") is { } authorization)
        {
            carried.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return carried;
    }
}

/// <summary>A proxy that can be put in the way at run time.</summary>
public sealed class SwitchedProxy : IWebProxy
{
    /// <summary>Null: no proxy.</summary>
    public Uri? Proxy { get; set; }

    public ICredentials? Credentials { get; set; }

    public Uri? GetProxy(Uri destination) => Proxy;

    public bool IsBypassed(Uri host) => Proxy is null;
}
