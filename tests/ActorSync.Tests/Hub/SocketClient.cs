using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Shouldly;

namespace ActorSync.Tests.Hub;

/// <summary>A device's end of the wake-up socket. Waiting ends in a failure after half a minute.</summary>
internal sealed class SocketClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(30));

    private SocketClient() { }

    public static async Task<SocketClient> OpenAsync(HubWorld world, HubDevice device)
    {
        var client = new SocketClient();
        client._socket.Options.SetRequestHeader("Authorization", $"Bearer {device.Token}");
        client._socket.Options.CollectHttpResponseDetails = true;
        await client._socket.ConnectAsync(UriOf(world, device), client._patience.Token);
        return client;
    }

    /// <summary>Tries again while the hub says that there are too many.</summary>
    public static async Task<SocketClient> OpenWhenFreeAsync(HubWorld world, HubDevice device)
    {
        for (var tries = 0; ; tries++)
        {
            try
            {
                return await OpenAsync(world, device);
            }
            catch (WebSocketException) when (tries < 10_000)
            {
                // The hub has not seen yet that the one before is gone.
            }
        }
    }

    /// <summary>What the hub answers instead of upgrading.</summary>
    public static async Task<Answer> RefusalAsync(HubWorld world, HubDevice device)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/sync/ws?device_id={device.Id}");
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
        return await Answer.ReadAsync(await world.Client(device.Token).SendAsync(request));
    }

    /// <summary>The next frame.</summary>
    public async Task<(long LastId, string Head)> NextAsync()
    {
        var buffer = new byte[1024];
        var received = await _socket.ReceiveAsync(buffer, _patience.Token);
        received.MessageType.ShouldBe(WebSocketMessageType.Text);
        received.EndOfMessage.ShouldBeTrue();
        var frame = JsonNode.Parse(Encoding.UTF8.GetString(buffer, 0, received.Count))!.AsObject();
        frame.Select(f => f.Key).ShouldBe(["type", "last_id", "head"]);
        frame["type"]!.GetValue<string>().ShouldBe("changed");
        return (frame["last_id"]!.GetValue<long>(), frame["head"]!.GetValue<string>());
    }

    /// <summary>Passes over frames until the hub closes, and closes too.</summary>
    public async Task<(WebSocketCloseStatus? Status, string? Reason)> ClosedAsync()
    {
        var buffer = new byte[1024];
        while ((await _socket.ReceiveAsync(buffer, _patience.Token)).MessageType != WebSocketMessageType.Close) { }

        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, _patience.Token);
        return (_socket.CloseStatus, _socket.CloseStatusDescription);
    }

    /// <summary>Closes, waits for the hub to do so too, and gives its status.</summary>
    public async Task<WebSocketCloseStatus?> CloseAsync()
    {
        await _socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, _patience.Token);
        return _socket.CloseStatus;
    }

    public async ValueTask DisposeAsync()
    {
        if (_socket.State == WebSocketState.Open)
        {
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }

        _socket.Dispose();
        _patience.Dispose();
    }

    private static Uri UriOf(HubWorld world, HubDevice device) =>
        new UriBuilder(world.Hub.Addresses[0])
        {
            Scheme = "ws",
            Path = "/api/v1/sync/ws",
            Query = $"device_id={WebUtility.UrlEncode(device.Id)}",
        }.Uri;
}
