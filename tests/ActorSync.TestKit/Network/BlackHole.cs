using System.Net;
using System.Net.Sockets;

namespace ActorSync.TestKit.Network;

/// <summary>An address on loopback that neither takes nor refuses a connection: a listener whose queue is full and that nobody serves.</summary>
public sealed class BlackHole : IDisposable
{
    private const int MostFillers = 32;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _fillers = [];

    private BlackHole()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>Null where the system takes every connection whatever the queue's length (then there is no such address to be had).</summary>
    public static async Task<BlackHole?> OpenAsync()
    {
        var hole = new BlackHole();
        for (var i = 0; i < MostFillers; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            hole._fillers.Add(filler);
            using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(300));
            try
            {
                await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, hole.Port), patience.Token);
            }
            catch (OperationCanceledException)
            {
                return hole;
            }
        }

        hole.Dispose();
        return null;
    }

    public void Dispose()
    {
        _fillers.ForEach(filler => filler.Dispose());
        _listener.Dispose();
    }
}
