using System.Net.WebSockets;
using System.Threading.Channels;
using ActorSync.Hub.Accounts;
using ActorSync.Hub.Http;
using ActorSync.Hub.Store;

namespace ActorSync.Hub.Sockets;

/// <summary>
/// One device's wake-ups: each frame says where the log ends. What comes while a frame is being sent is one frame, the latest. Pings, and the end of
/// a peer that does not answer them, are the WebSocket's own.
/// </summary>
internal sealed class WakeSocket(TokenClaims claims, HubLimits limits, TimeProvider time)
{
    private const int MostText = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly TaskCompletionSource<Closing> _closing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<LogEnd> _news = Channel.CreateBounded<LogEnd>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true }
    );

    public TokenClaims Claims { get; } = claims;

    /// <summary>Never waits.</summary>
    public void Tell(LogEnd end) => _news.Writer.TryWrite(end);

    /// <summary>The first reason counts.</summary>
    public void Close(Closing closing) => _closing.TrySetResult(closing);

    /// <summary>Runs until the socket is closed, by whomever.</summary>
    public async Task RunAsync(WebSocket socket, LogEnd first)
    {
        using var ended = new CancellationTokenSource();
        var reading = ReadAsync(socket);
        var telling = TellAsync(socket, first);
        var expiring = ExpireAsync(ended.Token);
        try
        {
            var closing = await _closing.Task;
            if (closing.Code is { } code)
            {
                await socket.CloseOutputAsync(code, closing.Reason, CancellationToken.None).WaitAsync(Patience, time);
                if (closing.AwaitsAnswer)
                {
                    await reading.WaitAsync(Patience, time);
                }
            }
        }
        catch (Exception e) when (e is WebSocketException or IOException or TimeoutException or ObjectDisposedException)
        {
            // It is over either way.
        }
        finally
        {
            await ended.CancelAsync();
            _news.Writer.TryComplete();
            if (socket.State != WebSocketState.Closed)
            {
                socket.Abort();
            }

            await Task.WhenAll(reading, telling, expiring);
        }
    }

    /// <summary>A client has nothing to say; what it says is passed over.</summary>
    private async Task ReadAsync(WebSocket socket)
    {
        var buffer = new byte[MostText];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close) { }

            Close(Closing.Answered);
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            Close(Closing.Gone);
        }
    }

    private async Task TellAsync(WebSocket socket, LogEnd first)
    {
        var (end, told) = (first, -1L);
        try
        {
            do
            {
                // What was committed between the first look at the log and its frame is in that frame already.
                if (end.LastId <= told)
                {
                    continue;
                }

                var sending = socket.SendAsync(Frame(end), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
                if (!await InTimeAsync(sending))
                {
                    Close(Closing.SlowReader);
                    await sending;
                    return;
                }

                told = end.LastId;
            } while (await _news.Reader.WaitToReadAsync() && _news.Reader.TryRead(out end!));
        }
        catch (Exception e) when (e is WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)
        {
            Close(Closing.Gone);
        }
    }

    private async Task<bool> InTimeAsync(Task sending)
    {
        try
        {
            await sending.WaitAsync(limits.SocketSendTime, time);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task ExpireAsync(CancellationToken ended)
    {
        try
        {
            while (Claims.ExpiresAt - time.GetUtcNow() is { Ticks: > 0 } left)
            {
                // A timer does not reach further than some weeks.
                await Task.Delay(left < Day ? left : Day, time, ended);
            }

            Close(Closing.Expired);
        }
        catch (OperationCanceledException)
        {
            // It was closed before.
        }
    }

    private static ArraySegment<byte> Frame(LogEnd end)
    {
        using var json = new JsonBuffer(MostText);
        json.Raw("{\"type\":\"changed\",\"last_id\":"u8).Number(end.LastId).Raw(",\"head\":"u8).QuotedHex(end.Head).Raw("}"u8);
        return json.Written.ToArray();
    }
}

/// <summary>Why a socket ends.</summary>
/// <param name="Code">What the peer is told; null when there is nobody to tell.</param>
/// <param name="AwaitsAnswer">The peer has a moment to close its side, too.</param>
internal sealed record Closing(WebSocketCloseStatus? Code, string Reason, bool AwaitsAnswer = true)
{
    public static readonly Closing Gone = new(null, "");
    public static readonly Closing Answered = new(WebSocketCloseStatus.NormalClosure, "", AwaitsAnswer: false);
    public static readonly Closing Stopping = new(WebSocketCloseStatus.EndpointUnavailable, "the hub stops");
    public static readonly Closing Unchecked = new((WebSocketCloseStatus)1013, "try again later");
    public static readonly Closing Expired = new((WebSocketCloseStatus)4401, "token_expired");
    public static readonly Closing SlowReader = new((WebSocketCloseStatus)4408, "slow_reader");

    public static Closing Unauthorized(string code) => new((WebSocketCloseStatus)4401, code);

    public static Closing Forbidden(string code) => new(WebSocketCloseStatus.PolicyViolation, code);
}
