using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace ActorSync.TestKit.Network;

/// <summary>How a cut connection ends.</summary>
public enum Cut
{
    /// <summary>RST to both sides.</summary>
    Reset,

    /// <summary>An orderly end towards the side that was being written to; then towards the other.</summary>
    Fin,

    /// <summary>Nothing more is carried, and nobody is told.</summary>
    HalfOpen,
}

public enum Direction
{
    Request,
    Answer,
}

/// <param name="AfterBytes">How many bytes of that direction still pass.</param>
public readonly record struct CutPlan(Direction Direction, int AfterBytes, Cut Cut);

/// <summary>A TCP proxy on loopback that ends connections after a chosen number of bytes.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly LoopbackListener _listener = new();
    private readonly ConcurrentQueue<CutPlan> _plans = new();
    private readonly int _upstream;
    private int _cuts;

    private TcpProxy(int upstreamPort)
    {
        _upstream = upstreamPort;
        _listener.Serve(CarryAsync);
    }

    public int Port => _listener.Port;

    public Uri Address => new($"http://127.0.0.1:{Port}");

    /// <summary>How many connections were cut as planned.</summary>
    public int Cuts => Volatile.Read(ref _cuts);

    /// <param name="upstreamPort">Of a server on loopback.</param>
    public static TcpProxy Start(int upstreamPort) => new(upstreamPort);

    /// <summary>The next connection that has no plan yet gets this one; without plans all passes.</summary>
    public void Plan(CutPlan plan) => _plans.Enqueue(plan);

    public ValueTask DisposeAsync() => _listener.DisposeAsync();

    private async Task CarryAsync(Socket client)
    {
        CutPlan? plan = _plans.TryDequeue(out var next) ? next : null;
        await Task.Yield();
        using var hub = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using (client)
        {
            hub.NoDelay = true;
            try
            {
                await hub.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _upstream), _listener.Stop);
                using var ended = CancellationTokenSource.CreateLinkedTokenSource(_listener.Stop);
                var there = PumpAsync(client, hub, plan is { Direction: Direction.Request } ? plan : null, ended);
                var back = PumpAsync(hub, client, plan is { Direction: Direction.Answer } ? plan : null, ended);
                await Task.WhenAll(there, back);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // One side went away.
            }
        }
    }

    private async Task PumpAsync(Socket from, Socket to, CutPlan? plan, CancellationTokenSource ended)
    {
        var left = plan?.AfterBytes ?? int.MaxValue;
        var buffer = new byte[8 << 10];
        try
        {
            while (true)
            {
                if (left == 0 && plan is { } due)
                {
                    Interlocked.Increment(ref _cuts);
                    await CutAsync(from, to, due.Cut, ended);
                    return;
                }

                var read = await from.ReceiveAsync(buffer, ended.Token);
                if (read == 0)
                {
                    to.Shutdown(SocketShutdown.Send);
                    return;
                }

                var pass = Math.Min(read, left);
                for (var sent = 0; sent < pass; )
                {
                    sent += await to.SendAsync(buffer.AsMemory(sent, pass - sent), ended.Token);
                }

                left = plan is null ? left : left - pass;
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // What ends one direction abruptly ends the other.
            await ended.CancelAsync();
        }
    }

    private async Task CutAsync(Socket from, Socket to, Cut cut, CancellationTokenSource ended)
    {
        switch (cut)
        {
            case Cut.Reset:
                from.LingerState = to.LingerState = new LingerOption(enable: true, seconds: 0);
                from.Close();
                to.Close();
                break;
            case Cut.Fin:
                to.Shutdown(SocketShutdown.Both);
                from.Close();
                break;
            default:
                // Swallows what still comes, so that the sender notices nothing.
                var sink = new byte[8 << 10];
                while (await from.ReceiveAsync(sink, ended.Token) > 0) { }
                await Task.Delay(Timeout.Infinite, _listener.Stop);
                break;
        }
    }
}
