using System.Text;
using System.Text.Json.Nodes;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class PairingTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    [Trait("criterion", "A14")]
    public async Task A_code_lets_a_device_in_once_and_the_same_nonce_gets_the_same_answer()
    {
        await using var world = await HubWorld.StartAsync();
        var code = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        code.Length.ShouldBe(8);
        code.ShouldAllBe(c => "ABCDEFGHJKMNPQRSTUVWXYZ23456789".Contains(c));

        var first = (await RedeemAsync(world, code, "phone", "n1")).ShouldBe(200);
        first.Text("handle").ShouldBe("ada");
        first.Text("device_id").ShouldBe("phone");
        first.Number("expires_in").ShouldBe(900);
        first.Text("access_token")!.Split('.').Length.ShouldBe(3);
        var device = new HubDevice(world, "phone", first.Text("access_token")!);
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await device.GetAsync("/v1/devices")).Body[0]!["name"]!.GetValue<string>().ShouldBe("a phone");

        world.Clock.Advance(Minute);
        var again = (await RedeemAsync(world, $" {code[..4].ToLowerInvariant()}-{code[4..]} ", "phone", "n1")).ShouldBe(200);
        again.Body.ToJsonString().ShouldBe(first.Body.ToJsonString());
        (await RedeemAsync(world, code, "phone", "n2")).ShouldBe(409, "already_redeemed");
        (await RedeemAsync(world, code, "tablet", "n1")).ShouldBe(409, "already_redeemed");
        (await RefreshAsync(world, first.Text("refresh_token")!, "phone")).ShouldBe(200);
    }

    [Fact]
    [Trait("criterion", "A14")]
    public async Task A_code_has_typed_ends()
    {
        await using var world = await HubWorld.StartAsync();
        var code = await world.Hub.CreatePairingCodeAsync("ada");
        code.ExpiresAt.ShouldBe(world.Clock.GetUtcNow() + (5 * Minute));
        (await RedeemAsync(world, "ABCDEFG", "phone", "n")).ShouldBe(400, "invalid_code");
        (await RedeemAsync(world, "ABCDEFG1", "phone", "n")).ShouldBe(400, "invalid_code");
        (await RedeemAsync(world, "ABCDEFGHJ", "phone", "n")).ShouldBe(400, "invalid_code");
        (await RedeemAsync(world, code.Code == "ABCDEFGH" ? "ABCDEFGJ" : "ABCDEFGH", "phone", "n")).ShouldBe(404, "unknown_code");
        (await RedeemAsync(world, code.Code, " ", "n")).ShouldBe(400, "invalid_request");
        (await RedeemAsync(world, code.Code, "phone", "")).ShouldBe(400, "invalid_request");
        (await PostAsync(world, "/v1/auth/devices/redeem", "[]")).ShouldBe(400, "invalid_request");
        world.Clock.Advance(5 * Minute);
        (await RedeemAsync(world, code.Code, "phone", "n")).ShouldBe(410, "expired");
    }

    [Fact]
    [Trait("criterion", "A14")]
    public async Task The_eleventh_try_in_a_minute_is_429_with_the_time_to_wait()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits());
        var code = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        for (var i = 0; i < 10; i++)
        {
            (await RedeemAsync(world, "ABCDEFG", "phone", "n")).ShouldBe(400, "invalid_code");
            world.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var refused = (await RedeemAsync(world, code, "phone", "n")).ShouldBe(429, "throttled");
        refused.Headers.RetryAfter!.Delta!.Value.ShouldBe(TimeSpan.FromSeconds(50));
        world.Clock.Advance(TimeSpan.FromSeconds(50));
        (await RedeemAsync(world, code, "phone", "n")).ShouldBe(200);
    }

    [Fact]
    public async Task A_signed_in_device_starts_the_pairing_of_another_one()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var started = (await device.SendAsync(HttpMethod.Post, "/v1/auth/devices/start", new StringContent("{\"label\":\"x\"}"))).ShouldBe(
            200
        );
        started.Text("expires_at").ShouldBe("2026-05-09T12:05:00.000Z");
        var joined = (await RedeemAsync(world, started.Text("code")!, "tablet", "n")).ShouldBe(200);
        joined.Text("account").ShouldBe((await device.GetAsync("/v1/auth/me")).Text("account"));
    }

    [Fact]
    [Trait("criterion", "A5")]
    public async Task Refresh_rotates_and_the_replaced_token_is_good_for_a_minute()
    {
        await using var world = await HubWorld.StartAsync();
        var first = await PairedAsync(world, "phone");
        var second = (await RefreshAsync(world, first, "phone")).ShouldBe(200);
        (second.Text("refresh_token") == first).ShouldBeFalse();
        second.Number("expires_in").ShouldBe(900);
        (await new HubDevice(world, "phone", second.Text("access_token")!).GetAsync("/v1/auth/me")).ShouldBe(200);

        // The answer was lost: within the minute the old one is good again, for the same device only.
        world.Clock.Advance(TimeSpan.FromSeconds(60));
        (await RefreshAsync(world, first, "tablet")).ShouldBe(401, "invalid_grant");
        var third = (await RefreshAsync(world, first, "phone")).ShouldBe(200);

        // Both answers may have arrived; each goes on.
        (await RefreshAsync(world, second.Text("refresh_token")!, "phone")).ShouldBe(200);
        (await RefreshAsync(world, third.Text("refresh_token")!, "phone")).ShouldBe(200);
    }

    [Fact]
    public async Task A_replaced_token_used_late_revokes_the_whole_family_and_no_other()
    {
        await using var world = await HubWorld.StartAsync();
        var first = await PairedAsync(world, "phone");
        var other = await PairedAsync(world, "tablet");
        var second = await RefreshAsync(world, first, "phone");
        world.Clock.Advance(TimeSpan.FromSeconds(61));
        (await RefreshAsync(world, first, "phone")).ShouldBe(401, "invalid_grant");
        (await RefreshAsync(world, second.Text("refresh_token")!, "phone")).ShouldBe(401, "invalid_grant");
        (await new HubDevice(world, "phone", second.Text("access_token")!).GetAsync("/v1/auth/me")).ShouldBe(401, "token_revoked");
        (await RefreshAsync(world, other, "tablet")).ShouldBe(200);

        // Pairing again lets it in.
        (await new HubDevice(world, "phone", await PairedAccessAsync(world, "phone")).GetAsync("/v1/auth/me")).ShouldBe(200);
    }

    [Fact]
    public async Task A_revoked_device_cannot_refresh_and_pairing_lets_it_in_again()
    {
        await using var world = await HubWorld.StartAsync();
        var token = await PairedAsync(world, "phone");
        (await world.Hub.RevokeDeviceAsync("ada", "phone")).ShouldBeTrue();
        (await RefreshAsync(world, token, "phone")).ShouldBe(401, "invalid_grant");
        (await RefreshAsync(world, await PairedAsync(world, "phone"), "phone")).ShouldBe(200);
        (await RefreshAsync(world, token, "phone")).ShouldBe(401, "invalid_grant");
        (await RefreshAsync(world, "made-up", "phone")).ShouldBe(401, "invalid_grant");
        (await PostAsync(world, "/v1/auth/refresh", "{\"refresh_token\":\"x\"}")).ShouldBe(400, "invalid_request");
        (await world.Hub.RevokeDeviceAsync("ada", "nobody")).ShouldBeFalse();
    }

    [Fact]
    public async Task Tokens_and_codes_survive_a_restart_and_stand_nowhere_in_the_files()
    {
        await using var world = await HubWorld.StartAsync();
        var code = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        var granted = await RedeemAsync(world, code, "phone", "n1");
        var renewed = await RefreshAsync(world, granted.Text("refresh_token")!, "phone");
        await world.RestartAsync();
        (await RedeemAsync(world, code, "phone", "n1")).Body.ToJsonString().ShouldBe(granted.Body.ToJsonString());
        (await RefreshAsync(world, renewed.Text("refresh_token")!, "phone")).ShouldBe(200);
        await world.Hub.StopAsync();
        foreach (var file in Directory.GetFiles(world.Folder))
        {
            var text = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
            foreach (
                var secret in new[] { code, granted.Text("refresh_token")!, granted.Text("access_token")!, renewed.Text("refresh_token")! }
            )
            {
                text.Contains(secret, StringComparison.Ordinal).ShouldBeFalse(file);
            }
        }

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(world.Folder, "hub.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static async Task<string> PairedAsync(HubWorld world, string device) =>
        (await RedeemAsync(world, (await world.Hub.CreatePairingCodeAsync("ada")).Code, device, "n")).Text("refresh_token")!;

    private static async Task<string> PairedAccessAsync(HubWorld world, string device) =>
        (await RedeemAsync(world, (await world.Hub.CreatePairingCodeAsync("ada")).Code, device, "n")).Text("access_token")!;

    private static Task<Answer> RedeemAsync(HubWorld world, string code, string device, string nonce) =>
        PostAsync(
            world,
            "/v1/auth/devices/redeem",
            new JsonObject
            {
                ["code"] = code,
                ["device_id"] = device,
                ["device_name"] = $"a {device}",
                ["nonce"] = nonce,
            }.ToJsonString()
        );

    private static Task<Answer> RefreshAsync(HubWorld world, string token, string device) =>
        PostAsync(world, "/v1/auth/refresh", new JsonObject { ["refresh_token"] = token, ["device_id"] = device }.ToJsonString());

    private static async Task<Answer> PostAsync(HubWorld world, string path, string body) =>
        await Answer.ReadAsync(await world.Client().PostAsync(path, new StringContent(body)));
}
