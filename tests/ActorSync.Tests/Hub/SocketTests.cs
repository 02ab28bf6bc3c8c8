using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using ActorSync.Hub;
using ActorSync.Hub.Store;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class SocketTests
{
    private const WebSocketCloseStatus Unauthorized = (WebSocketCloseStatus)4401;

    [Fact]
    public async Task A_socket_is_told_at_once_where_the_log_ends_and_then_after_each_commit()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync());
        await using var empty = await SocketClient.OpenAsync(world, device);
        (await empty.NextAsync()).ShouldBe((0, Chain.Genesis));

        var pushed = (await other.PushAsync(2, Op.Set(1), Op.Set(2))).ShouldBe(200);
        (await empty.NextAsync()).ShouldBe((2, pushed.Text("head")!));
        await using var later = await SocketClient.OpenAsync(world, device);
        (await later.NextAsync()).ShouldBe((2, pushed.Text("head")!));
        pushed = (await device.PushAsync(3, Op.Set(3))).ShouldBe(200);
        (await empty.NextAsync()).ShouldBe((3, pushed.Text("head")!));
        (await later.NextAsync()).ShouldBe((3, pushed.Text("head")!));
    }

    [Fact]
    [Trait("criterion", "X4")]
    public async Task A_socket_hears_of_its_own_account_only()
    {
        await using var world = await HubWorld.StartAsync();
        var (ada, bob) = (await world.JoinAsync("ada"), await world.JoinAsync("bob"));
        await using var socket = await SocketClient.OpenAsync(world, bob);
        (await socket.NextAsync()).LastId.ShouldBe(0);
        (await ada.PushAsync(2, Op.Set(1), Op.Set(2))).ShouldBe(200);
        (await bob.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await socket.NextAsync()).LastId.ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "P3")]
    public async Task A_revoked_device_loses_its_sockets_and_the_others_keep_theirs()
    {
        await using var world = await HubWorld.StartAsync();
        var (revoked, other) = (await world.JoinAsync(), await world.JoinAsync());
        await using var closed = await SocketClient.OpenAsync(world, revoked);
        await using var kept = await SocketClient.OpenAsync(world, other);
        (await world.Hub.RevokeDeviceAsync("ada", revoked.Id)).ShouldBeTrue();
        (await closed.ClosedAsync()).ShouldBe((Unauthorized, "token_revoked"));
        (await kept.NextAsync()).LastId.ShouldBe(0);
        (await other.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await kept.NextAsync()).LastId.ShouldBe(1);
        (await other.SendAsync(HttpMethod.Delete, "/v1/auth/devices/self", null)).ShouldBe(204);
        (await kept.ClosedAsync()).ShouldBe((Unauthorized, "token_revoked"));
        (await SocketClient.RefusalAsync(world, other)).ShouldBe(401, "token_revoked");
    }

    [Fact]
    [Trait("criterion", "P3")]
    public async Task A_stolen_refresh_token_used_late_closes_the_sockets_of_its_credential()
    {
        await using var world = await HubWorld.StartAsync();
        var client = world.Client();
        var code = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        var redeem = new JsonObject
        {
            ["code"] = code,
            ["device_id"] = "x",
            ["nonce"] = "n",
        };
        var granted = await Answer.ReadAsync(await client.PostAsync("/v1/auth/devices/redeem", new StringContent(redeem.ToJsonString())));
        var refresh = new JsonObject { ["refresh_token"] = granted.Text("refresh_token"), ["device_id"] = "x" }.ToJsonString();
        (await Answer.ReadAsync(await client.PostAsync("/v1/auth/refresh", new StringContent(refresh)))).ShouldBe(200);
        await using var socket = await SocketClient.OpenAsync(world, new HubDevice(world, "x", granted.Text("access_token")!));
        world.Clock.Advance(TimeSpan.FromSeconds(61));
        (await Answer.ReadAsync(await client.PostAsync("/v1/auth/refresh", new StringContent(refresh)))).ShouldBe(401, "invalid_grant");
        (await socket.ClosedAsync()).ShouldBe((Unauthorized, "token_revoked"));
    }

    [Fact]
    public async Task A_token_that_expires_ends_its_socket()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        await using var socket = await SocketClient.OpenAsync(world, device);
        (await socket.NextAsync()).LastId.ShouldBe(0);
        world.Clock.Advance(TimeSpan.FromHours(23));
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await socket.NextAsync()).LastId.ShouldBe(1);
        world.Clock.Advance(TimeSpan.FromHours(1));
        (await socket.ClosedAsync()).ShouldBe((Unauthorized, "token_expired"));
    }

    [Theory]
    [InlineData(true, "sync_disabled")]
    [InlineData(false, "account_restricted")]
    public async Task An_account_that_may_not_sync_has_no_sockets(bool disabled, string error)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        await using var socket = await SocketClient.OpenAsync(world, device);
        (await world.Hub.SetAccountStatusAsync("ada", disabled ? AccountStatus.SyncDisabled : AccountStatus.Restricted)).ShouldBeTrue();
        (await socket.ClosedAsync()).ShouldBe((WebSocketCloseStatus.PolicyViolation, error));
        (await SocketClient.RefusalAsync(world, device)).ShouldBe(403, error);
        (await world.Hub.SetAccountStatusAsync("ada", AccountStatus.Active)).ShouldBeTrue();
        await using var again = await SocketClient.OpenAsync(world, device);
        (await again.NextAsync()).LastId.ShouldBe(0);
    }

    [Fact]
    public async Task What_is_no_proper_upgrade_is_refused_in_json()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var path = $"/api/v1/sync/ws?device_id={device.Id}";
        var plain = (await device.GetAsync(path)).ShouldBe(426, "upgrade_required");
        plain.Headers.Upgrade.Single().Name.ShouldBe("websocket");
        (await device.GetAsync("/api/v1/sync/ws")).ShouldBe(400, "invalid_request");
        (await device.GetAsync("/api/v1/sync/ws?device_id=other")).ShouldBe(403, "device_mismatch");
        (await Answer.ReadAsync(await world.Client().GetAsync(path))).ShouldBe(401, "token_missing");
        (await RawAsync(world, device, "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")).ShouldContain(" 426 ");
        (await RawAsync(world, device, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZQ==")).ShouldContain(" 426 ");

        // The example of RFC 6455.
        (await RawAsync(world, device, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")).ShouldContain(
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
        );
    }

    [Fact]
    [Trait("criterion", "P3")]
    public async Task A_side_that_answers_no_ping_is_closed_and_its_slot_given_back()
    {
        var defaults = new HubLimits();
        (defaults.SocketPing + defaults.SocketSilence).ShouldBe(TimeSpan.FromSeconds(75));
        var quick = new HubLimits
        {
            SocketPing = TimeSpan.FromMilliseconds(50),
            SocketSilence = TimeSpan.FromMilliseconds(200),
            SocketsPerAccount = 1,
        };
        await using var world = await HubWorld.StartAsync(quick);
        var device = await world.JoinAsync();
        using var silent = await OpenRawAsync(world, device, "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
        var pings = 0;
        try
        {
            // Headers and the first frame, then pings; then the end.
            var buffer = new byte[4096];
            for (var read = -1; read != 0; )
            {
                read = await silent.GetStream().ReadAsync(buffer);
                pings += buffer.AsSpan(0, read).Contains((byte)0x89) ? 1 : 0;
            }
        }
        catch (IOException)
        {
            // A reset is an end, too.
        }

        pings.ShouldBeGreaterThan(0);
        await using var next = await SocketClient.OpenWhenFreeAsync(world, device);
    }

    [Fact]
    [Trait("criterion", "I15")]
    public async Task Sockets_of_an_account_are_bounded()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { SocketsPerAccount = 2 });
        var (device, bob) = (await world.JoinAsync(), await world.JoinAsync("bob"));
        await using var first = await SocketClient.OpenAsync(world, device);
        await using (await SocketClient.OpenAsync(world, device))
        {
            (await SocketClient.RefusalAsync(world, device)).ShouldBe(429, "throttled").Headers.RetryAfter.ShouldNotBeNull();
            await using var other = await SocketClient.OpenAsync(world, bob);
        }

        await using var again = await SocketClient.OpenWhenFreeAsync(world, device);
        (await again.NextAsync()).LastId.ShouldBe(0);
    }

    [Fact]
    public async Task Who_closes_is_answered()
    {
        await using var world = await HubWorld.StartAsync();
        await using var socket = await SocketClient.OpenAsync(world, await world.JoinAsync());
        (await socket.CloseAsync()).ShouldBe(WebSocketCloseStatus.NormalClosure);
    }

    [Fact]
    public async Task A_hub_that_stops_says_so()
    {
        await using var world = await HubWorld.StartAsync();
        await using var socket = await SocketClient.OpenAsync(world, await world.JoinAsync());
        (await socket.NextAsync()).LastId.ShouldBe(0);
        var stopping = world.Hub.StopAsync();
        (await socket.ClosedAsync()).Status.ShouldBe(WebSocketCloseStatus.EndpointUnavailable);
        await stopping;
    }

    private static async Task<string> RawAsync(HubWorld world, HubDevice device, string headers)
    {
        using var tcp = await OpenRawAsync(world, device, headers);
        using var reader = new StreamReader(tcp.GetStream(), Encoding.Latin1);
        var answer = new StringBuilder();
        for (var line = await reader.ReadLineAsync(); !string.IsNullOrEmpty(line); line = await reader.ReadLineAsync())
        {
            answer.AppendLine(line);
        }

        return answer.ToString();
    }

    private static async Task<TcpClient> OpenRawAsync(HubWorld world, HubDevice device, string headers)
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(world.Hub.Addresses[0].Host, world.Hub.Addresses[0].Port);
        await tcp.GetStream()
            .WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"GET /api/v1/sync/ws?device_id={device.Id} HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {device.Token}\r\n"
                        + $"Connection: Upgrade\r\nUpgrade: websocket\r\n{headers}\r\n\r\n"
                )
            );
        return tcp;
    }
}
