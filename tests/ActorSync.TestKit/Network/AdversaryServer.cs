using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ActorSync.TestKit.Network;

/// <summary>A raw TCP (or TLS) server on loopback that does to each connection what its script says: whatever no honest server does.</summary>
public sealed class AdversaryServer : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly Func<AdversaryConnection, Task> _script;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly Task _accepting;
    private int _connections;

    private AdversaryServer(Func<AdversaryConnection, Task> script, SslServerAuthenticationOptions? tls)
    {
        (_script, _tls) = (script, tls);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(128);
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    public Uri Address => new($"{(_tls is null ? "http" : "https")}://127.0.0.1:{Port}");

    /// <summary>How many connections were taken so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>The requests that scripts have read, in order: head and body.</summary>
    public ConcurrentQueue<AdversaryRequest> Requests { get; } = new();

    public static AdversaryServer Start(Func<AdversaryConnection, Task> script, X509Certificate2? certificate = null) =>
        new(script, certificate is null ? null : new SslServerAuthenticationOptions { ServerCertificate = certificate });

    /// <summary>With TLS settings of one's own, such as a demand for the client's certificate.</summary>
    public static AdversaryServer StartTls(Func<AdversaryConnection, Task> script, SslServerAuthenticationOptions tls) => new(script, tls);

    /// <summary>Answers each request with the same bytes; the connection stays open.</summary>
    public static AdversaryServer Answering(string answer) =>
        Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.WriteAsync(answer);
            }
        });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_running.Keys);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync(_stop.Token);
                Interlocked.Increment(ref _connections);
                var run = RunAsync(socket);
                _running.TryAdd(run, 0);
                _ = run.ContinueWith(done => _running.TryRemove(done, out _), TaskScheduler.Default);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Stopped.
        }
    }

    private async Task RunAsync(Socket socket)
    {
        await Task.Yield();
        socket.NoDelay = true;
        try
        {
            await using var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true));
            var connection = new AdversaryConnection(socket, stream, Requests, _stop.Token);
            await _script(connection);
        }
        catch (Exception error)
            when (error
                    is IOException
                        or SocketException
                        or ObjectDisposedException
                        or OperationCanceledException
                        or AuthenticationException
            )
        {
            // The other side gave up, or we were stopped: that is what adversaries are for.
        }
        finally
        {
            socket.Dispose();
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream stream)
    {
        if (_tls is null)
        {
            return stream;
        }

        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsServerAsync(_tls, _stop.Token);
        return secure;
    }
}

/// <param name="Head">The request line and the headers.</param>
public sealed record AdversaryRequest(string Head, byte[] Body)
{
    /// <summary>The header's value, or null.</summary>
    public string? Header(string name) =>
        Head.Split("\r\n")
            .FirstOrDefault(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
            ?[(name.Length + 1)..].Trim();
}
