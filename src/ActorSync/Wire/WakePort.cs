using System.Globalization;
using System.Net.WebSockets;
using ActorSync.Diagnostics;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>The way to a hub's wake-up socket. Never throws for what the network or the hub does.</summary>
internal interface IWakePort
{
    /// <summary>Throws only <see cref="OperationCanceledException"/>, and only when <paramref name="cancellation"/> asked for it.</summary>
    Task<WakeOpening> OpenAsync(Uri hub, AccessToken token, DeviceId device, CancellationToken cancellation);
}

/// <summary>An open socket. A hub that has fallen silent is found within 75 s and read as closed. Disposing it ends it.</summary>
internal interface IWakeSocket : IDisposable
{
    /// <summary>The next frame, or the end. Never throws.</summary>
    Task<WakeSign> ReadAsync();
}

internal abstract record WakeOpening
{
    private WakeOpening() { }

    public sealed record Opened(IWakeSocket Socket) : WakeOpening;

    public sealed record Failed(HubFailure Failure) : WakeOpening;
}

/// <summary>What a socket tells. A hint and never state: it may be lost, doubled or late.</summary>
internal abstract record WakeSign
{
    private WakeSign() { }

    /// <summary>There is something up to this id.</summary>
    public sealed record Changed(long LastId) : WakeSign;

    public sealed record Closed(string Why) : WakeSign;
}

/// <summary>The real one: a WebSocket over the same transport as every other call, pinged every 30 s.</summary>
internal sealed class WakePort(HttpSettings settings, TimeProvider time) : IWakePort, IDisposable
{
    private static readonly TimeSpan PingEvery = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan PongWithin = TimeSpan.FromSeconds(45);

    private readonly HttpMessageInvoker _client = new(HubTransport.Create(settings, time), disposeHandler: true);

    public async Task<WakeOpening> OpenAsync(Uri hub, AccessToken token, DeviceId device, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var deadline = new CancellationTokenSource(settings.ConnectTimeout + settings.ResponseTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellation);
        var socket = new ClientWebSocket();
        try
        {
            socket.Options.SetRequestHeader("Authorization", $"Bearer {token.Secret}");
            (socket.Options.KeepAliveInterval, socket.Options.KeepAliveTimeout) = (PingEvery, PongWithin);
            await socket.ConnectAsync(AddressOf(hub, device), _client, either.Token).ConfigureAwait(false);
            return new WakeOpening.Opened(new WakeSocket(socket));
        }
        catch (Exception error)
        {
            socket.Dispose();
            cancellation.ThrowIfCancellationRequested();
            return new WakeOpening.Failed(
                deadline.IsCancellationRequested
                    ? Failures.Make("connect_timeout")
                    : ErrorClassifier.Classify(
                        error is WebSocketException { InnerException: { } inner } ? inner : error,
                        CancellationToken.None
                    )
            );
        }
    }

    public void Dispose() => _client.Dispose();

    private static Uri AddressOf(Uri hub, DeviceId device)
    {
        var scheme = hub.Scheme == Uri.UriSchemeHttps ? "wss" : "ws";
        var address = $"{hub.GetLeftPart(UriPartial.Path).TrimEnd('/')}{HubPaths.Wake}?device_id={Uri.EscapeDataString(device.Value)}";
        return new Uri(scheme + address[hub.Scheme.Length..], UriKind.Absolute);
    }
}

/// <summary>One session.</summary>
internal sealed class WakeSocket(ClientWebSocket socket) : IWakeSocket
{
    private const int LongestFrame = 4 << 10;

    private readonly byte[] _buffer = new byte[LongestFrame];

    public async Task<WakeSign> ReadAsync()
    {
        try
        {
            while (true)
            {
                var length = 0;
                ValueWebSocketReceiveResult received;
                do
                {
                    if (length == _buffer.Length)
                    {
                        return new WakeSign.Closed("a frame is too long");
                    }

                    received = await socket.ReceiveAsync(_buffer.AsMemory(length), CancellationToken.None).ConfigureAwait(false);
                    length += received.Count;
                } while (!received.EndOfMessage);

                if (received.MessageType == WebSocketMessageType.Close)
                {
                    var code = ((int?)socket.CloseStatus)?.ToString(CultureInfo.InvariantCulture);
                    return new WakeSign.Closed($"{code} {RemoteText.Clean(socket.CloseStatusDescription ?? "", 64)}".Trim());
                }

                if (ReadFrame(_buffer.AsMemory(0, length)) is { } sign)
                {
                    return sign;
                }
            }
        }
        catch (Exception error)
        {
            return new WakeSign.Closed(error.Message);
        }
    }

    public void Dispose()
    {
        socket.Abort();
        socket.Dispose();
    }

    // What this version does not know is passed over.
    private static WakeSign.Changed? ReadFrame(ReadOnlyMemory<byte> frame)
    {
        try
        {
            using var json = WireJson.Parse(frame);
            return json.RootElement.Text("type") == "changed" && json.RootElement.Whole("last_id") is { } id
                ? new WakeSign.Changed(id)
                : null;
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return null;
        }
    }
}
