using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ActorSync.TestKit.Network;

/// <summary>A raw TCP (or TLS) server on loopback that does to each connection what its script says: whatever no honest server does.</summary>
public sealed class AdversaryServer : IAsyncDisposable
{
    private readonly LoopbackListener _listener = new();
    private readonly Func<AdversaryConnection, Task> _script;
    private readonly SslServerAuthenticationOptions? _tls;
    private int _connections;

    private AdversaryServer(Func<AdversaryConnection, Task> script, SslServerAuthenticationOptions? tls)
    {
        (_script, _tls) = (script, tls);
        _listener.Serve(RunAsync);
    }

    public int Port => _listener.Port;

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

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task RunAsync(Socket socket)
    {
        Interlocked.Increment(ref _connections);
        await Task.Yield();
        try
        {
            await using var stream = await SecureAsync(new NetworkStream(socket, ownsSocket: true));
            var connection = new AdversaryConnection(socket, stream, Requests, _listener.Stop);
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
        await secure.AuthenticateAsServerAsync(_tls, _listener.Stop);
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
