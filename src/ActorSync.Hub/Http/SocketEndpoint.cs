using System.Net.WebSockets;
using ActorSync.Hub.Sockets;
using ActorSync.Hub.Store;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.Options;

namespace ActorSync.Hub.Http;

/// <summary>Turns a request into a socket that is woken after each commit of its account.</summary>
internal sealed class SocketEndpoint(HubContext hub)
{
    private const string Version = "13";
    private static readonly TimeSpan Full = TimeSpan.FromMinutes(1);
    private readonly Slots<long> _slots = new(hub.Options.Limits.SocketsPerAccount, hub.Options.Limits.Sockets);

    private readonly WebSocketMiddleware _upgrades = new(
        _ => Task.CompletedTask,
        Options.Create(
            new WebSocketOptions { KeepAliveInterval = hub.Options.Limits.SocketPing, KeepAliveTimeout = hub.Options.Limits.SocketSilence }
        ),
        hub.Options.Logs
    );

    public async Task<HubAnswer> OpenAsync(HttpContext context)
    {
        var (claims, refused) = hub.ReadBearer(context);
        if (claims is null)
        {
            return refused!;
        }

        if (context.Request.Query["device_id"].ToString() is not { Length: > 0 } device)
        {
            return HubAnswer.Invalid("device_id: is missing");
        }

        if (device != claims.Device)
        {
            return HubAnswer.Error(403, "device_mismatch", "device_id: the token was issued to another device");
        }

        var (account, refusal) = await hub.AdmitAsync(context);
        if (refusal is not null)
        {
            return refusal;
        }

        await _upgrades.Invoke(context);
        if (!context.WebSockets.IsWebSocketRequest)
        {
            return HubAnswer
                .Error(426, "upgrade_required", "this path is a WebSocket, version 13")
                .With("Upgrade", "websocket")
                .With("Sec-WebSocket-Version", Version);
        }

        return HubAnswer.Takeover(upgrading => RunAsync(upgrading, account, new WakeSocket(claims, hub.Options.Limits, hub.Options.Time)));
    }

    private async Task<HubAnswer?> RunAsync(HttpContext context, long account, WakeSocket socket)
    {
        if (!_slots.TryTake(account))
        {
            return HubAnswer.Error(429, "throttled", "too many sockets are open; poll instead", retryAfter: Full);
        }

        try
        {
            LogEnd? first = null;
            var answer = await hub.RunAsync(
                socket.Claims,
                sync: true,
                (_, granted) =>
                {
                    // On the thread that tells of commits: none falls between this look at the log and the next that is told.
                    hub.Sockets.Add(account, socket);
                    first = new LogEnd(account, granted.Account.LastId, [.. granted.Account.Head]);
                    return HubContext.Settled;
                }
            );
            if (first is null)
            {
                return answer;
            }

            using var web = await UpgradeAsync(context);
            await socket.RunAsync(web, first);
            return null;
        }
        finally
        {
            hub.Sockets.Remove(account, socket);
            _slots.Give(account);
        }
    }

    private static Task<WebSocket> UpgradeAsync(HttpContext context)
    {
        // A reader that takes nothing is our own to tell and to close.
        context.Features.Get<IHttpMinResponseDataRateFeature>()?.MinDataRate = null;
        return context.WebSockets.AcceptWebSocketAsync();
    }
}
