using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance;

/// <summary>A device's end of the wake-up socket.</summary>
internal sealed class WakeUps : IDisposable
{
    private const int MostFrameBytes = 4096;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ClientWebSocket _socket = new();
    private readonly HubWay _way;

    private WakeUps(HubWay way) => _way = way;

    public static string PathOf(string device) => $"/api/v1/sync/ws?device_id={Uri.EscapeDataString(device)}";

    public static Task<WakeUps> OpenAsync(TestDevice device) => OpenAsync(device.Caller, device.Id);

    public static async Task<WakeUps> OpenAsync(HubCaller caller, string device)
    {
        var way = caller.Way;
        var wakeUps = new WakeUps(way);
        wakeUps._socket.Options.SetRequestHeader("Authorization", $"Bearer {caller.Token}");
        if (way.Hub.IsLoopback)
        {
            wakeUps._socket.Options.Proxy = null;
        }

        var address = way.AddressOf(PathOf(device));
        var target = new UriBuilder(address) { Scheme = address.Scheme == Uri.UriSchemeHttps ? "wss" : "ws" };
        await wakeUps.DoAsync("the upgrade to a WebSocket", stop => wakeUps._socket.ConnectAsync(target.Uri, stop));
        return wakeUps;
    }

    /// <summary>The next frame's pair.</summary>
    public async Task<Pair> NextAsync(string what)
    {
        var buffer = new byte[MostFrameBytes];
        ValueWebSocketReceiveResult received = default;
        await DoAsync(what, async stop => received = await _socket.ReceiveAsync(buffer.AsMemory(), stop));
        Expect.That(
            received is { MessageType: WebSocketMessageType.Text, EndOfMessage: true },
            $"{what}: expected a text frame, found {received.MessageType} {_socket.CloseStatus}"
        );
        try
        {
            using var frame = JsonDocument.Parse(Encoding.UTF8.GetString(buffer, 0, received.Count));
            Expect.Equal("changed", frame.RootElement.Text("type"), "type of a frame");
            var pair = new Pair(frame.RootElement.Number("last_id"), frame.RootElement.Text("head"));
            Expect.Hex(pair.Head, "head of a frame");
            return pair;
        }
        catch (JsonException)
        {
            throw Expect.Failed($"{what}: a frame is no JSON");
        }
    }

    /// <summary>Passes frames over until one is at this pair; one that is beyond it first is a fault.</summary>
    public async Task ReachAsync(Pair end, string what)
    {
        while (true)
        {
            var pair = await NextAsync(what);
            if (pair == end)
            {
                return;
            }

            Expect.That(pair.Id < end.Id, $"{what}: the frame gives {pair}, the log ends at {end}");
        }
    }

    public Task SayAsync(string text) =>
        DoAsync("what a client says", stop => _socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, stop));

    public Task CloseAsync() =>
        DoAsync("the closing handshake", stop => _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, stop));

    /// <summary>Passes frames over until the hub closes with this status and reason.</summary>
    public async Task EndAsync(int status, string reason, string what)
    {
        var buffer = new byte[MostFrameBytes];
        ValueWebSocketReceiveResult received = default;
        while (received.MessageType != WebSocketMessageType.Close)
        {
            await DoAsync(what, async stop => received = await _socket.ReceiveAsync(buffer.AsMemory(), stop));
        }

        Expect.Equal((status, reason), ((int?)_socket.CloseStatus ?? -1, _socket.CloseStatusDescription ?? ""), what);
    }

    public void Dispose() => _socket.Dispose();

    private async Task DoAsync(string what, Func<CancellationToken, Task> step)
    {
        using var deadline = _way.Within(Patience);
        try
        {
            await step(deadline.Token);
        }
        catch (OperationCanceledException) when (!_way.Stop.IsCancellationRequested)
        {
            throw Expect.Failed($"{what}: did not come within {Patience.TotalSeconds:0} s");
        }
        catch (WebSocketException e)
        {
            throw Expect.Failed($"{what}: {e.Message}");
        }
    }
}
