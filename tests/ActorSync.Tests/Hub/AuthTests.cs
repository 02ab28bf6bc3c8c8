using System.Text;
using System.Text.Json.Nodes;
using ActorSync.Hub.Store;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class AuthTests
{
    [Fact]
    public async Task Me_says_who_the_token_speaks_for()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync("ada");
        var me = (await device.GetAsync("/v1/auth/me")).ShouldBe(200);
        me.Text("account").ShouldNotBeNullOrEmpty();
        me.Text("handle").ShouldBe("ada");
        me.Text("device_id").ShouldBe(device.Id);
        me.Text("token_expires_at").ShouldBe("2026-05-10T12:00:00.000Z");
    }

    public static TheoryData<string, string> Guarded =>
        new()
        {
            { "POST", "/api/v1/sync/ops" },
            { "GET", "/api/v1/sync/ops?since=0" },
            { "GET", "/api/v1/sync/ops/018f3c5a-7b00-7000-8000-000000000001" },
            { "GET", "/api/v1/sync/digest" },
            { "GET", "/api/v1/sync/snapshot" },
            { "GET", "/api/v1/sync/ws?device_id=device-1" },
            { "POST", "/api/v1/sync/ack" },
            { "POST", "/v1/me/hangar" },
            { "GET", "/v1/auth/me" },
            { "POST", "/v1/auth/devices/start" },
            { "DELETE", "/v1/auth/devices/self" },
            { "GET", "/v1/devices" },
            { "PUT", "/v1/devices/self" },
        };

    [Theory]
    [MemberData(nameof(Guarded))]
    [Trait("criterion", "X4")]
    public async Task Every_call_wants_a_token_that_is_good(string method, string path)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await CallAsync(world, method, path, null)).ShouldBe(401, "token_missing");
        (await CallAsync(world, method, path, "a.b.c")).ShouldBe(401, "token_invalid");
        (await CallAsync(world, method, path, Forged(device.Token))).ShouldBe(401, "token_invalid");
        (await CallAsync(world, method, path, Unsigned(device.Token))).ShouldBe(401, "token_invalid");

        await using var foreign = await HubWorld.StartAsync();
        (await CallAsync(world, method, path, (await foreign.JoinAsync("ada", device.Id)).Token)).ShouldBe(401, "token_invalid");

        (await world.Hub.RevokeDeviceAsync("ada", device.Id)).ShouldBeTrue();
        (await CallAsync(world, method, path, device.Token)).ShouldBe(401, "token_revoked");
        world.Clock.Advance(TimeSpan.FromDays(1));
        (await CallAsync(world, method, path, device.Token)).ShouldBe(401, "token_expired");
    }

    [Fact]
    public async Task A_disabled_or_restricted_account_is_403_and_comes_back()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        foreach (
            var (status, error) in new[] { (AccountStatus.SyncDisabled, "sync_disabled"), (AccountStatus.Restricted, "account_restricted") }
        )
        {
            (await world.Hub.SetAccountStatusAsync("ada", status)).ShouldBeTrue();
            (await device.PushAsync(1, Op.Set(1))).ShouldBe(403, error);
            (await device.GetAsync("/api/v1/sync/ops")).ShouldBe(403, error);
            (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(403, error);
            (await device.GetAsync("/v1/auth/me")).ShouldBe(200);
        }

        await world.Hub.SetAccountStatusAsync("ada", AccountStatus.Active);
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await world.Hub.SetAccountStatusAsync("nobody", AccountStatus.Restricted)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_device_revokes_itself_and_is_shown_as_revoked()
    {
        await using var world = await HubWorld.StartAsync();
        var (leaving, staying) = (await world.JoinAsync(), await world.JoinAsync());
        var described = new StringContent("{\"name\":\"laptop\",\"peer_id\":\"ABCD\"}");
        (await leaving.SendAsync(HttpMethod.Put, "/v1/devices/self", described)).Status.ShouldBe(204);
        (await leaving.SendAsync(HttpMethod.Delete, "/v1/auth/devices/self", null)).Status.ShouldBe(204);
        (await leaving.GetAsync("/v1/auth/me")).ShouldBe(401, "token_revoked");
        var devices = (await staying.GetAsync("/v1/devices")).Body.AsArray();
        devices.Count.ShouldBe(2);
        devices[0]!["device_id"]!.GetValue<string>().ShouldBe(leaving.Id);
        devices[0]!["name"]!.GetValue<string>().ShouldBe("laptop");
        devices[0]!["peer_id"]!.GetValue<string>().ShouldBe("ABCD");
        devices[0]!["revoked"]!.GetValue<bool>().ShouldBeTrue();
        devices[1]!["revoked"]!.GetValue<bool>().ShouldBeFalse();
        devices[1]!["last_seen_at"]!.GetValue<string>().ShouldBe("2026-05-09T12:00:00.000Z");
    }

    [Fact]
    [Trait("criterion", "X4")]
    public async Task Accounts_see_nothing_of_each_other_on_any_path()
    {
        await using var world = await HubWorld.StartAsync();
        var (ada, bob) = (await world.JoinAsync("ada", "laptop"), await world.JoinAsync("bob", "laptop"));
        var secret = Op.Set(40, "secret");
        (await ada.PushAsync(40, secret)).ShouldBe(200);

        (await bob.PullAllAsync()).ShouldBeEmpty();
        (await bob.GetAsync($"/api/v1/sync/ops/{secret.Id()}")).ShouldBe(404, "unknown_operation");
        (await bob.GetAsync("/api/v1/sync/digest")).Body["entities"]!.AsObject().ShouldBeEmpty();
        (await bob.GetAsync("/v1/devices")).Body.AsArray().Count.ShouldBe(1);
        ((await bob.GetAsync("/v1/auth/me")).Text("account") == (await ada.GetAsync("/v1/auth/me")).Text("account")).ShouldBeFalse();

        // The same device id, operation id and stamps are two things in two accounts.
        var own = (await bob.PushAsync(1, Op.Set(1, id: secret.Id()))).ShouldBe(200);
        own.Accepted.Single()!["duplicate"]!.GetValue<bool>().ShouldBeFalse();
        own.Number("last_id").ShouldBe(1);
        own.Body["receipt"]!["highest_lamport"]!.GetValue<long>().ShouldBe(1);

        // Bob's history is not Ada's.
        var pair = await ada.GetAsync("/api/v1/sync/ops");
        (await bob.GetAsync($"/api/v1/sync/ops?since=1&head={pair.Text("head")}")).ShouldBe(410, "resync_required");

        // Revoking one leaves the other.
        (await world.Hub.RevokeDeviceAsync("bob", "laptop")).ShouldBeTrue();
        (await ada.GetAsync("/v1/auth/me")).ShouldBe(200);
        (await ada.PullAllAsync()).Single()["entity_id"]!.GetValue<string>().ShouldBe("secret");
    }

    [Fact]
    public async Task A_fault_of_the_store_while_a_token_is_checked_is_503_and_never_401()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        using (var other = new SqliteConnection($"Data Source={Path.Combine(world.Folder, "hub.db")};Pooling=False"))
        {
            other.Open();
            using var drop = other.CreateCommand();
            drop.CommandText = "ALTER TABLE family RENAME TO lost";
            drop.ExecuteNonQuery();
            foreach (var path in new[] { "/v1/auth/me", "/api/v1/sync/ops" })
            {
                var answer = (await device.GetAsync(path)).ShouldBe(503, "unavailable");
                answer.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(1);
            }

            drop.CommandText = "ALTER TABLE lost RENAME TO family";
            drop.ExecuteNonQuery();
        }

        // The connection above may still be closing, and the store is busy for as long.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var healed = await device.GetAsync("/v1/auth/me");
        while (healed.Status == 503)
        {
            await tick.WaitForNextTickAsync(patience.Token);
            healed = await device.GetAsync("/v1/auth/me");
        }

        healed.ShouldBe(200);
    }

    [Fact]
    public async Task A_token_issued_after_the_backup_that_a_hub_was_restored_from_still_speaks_for_its_device()
    {
        await using var world = await HubWorld.StartAsync();
        await world.JoinAsync();
        await using var restored = await world.CrashedCopyAsync();
        var later = await world.JoinAsync();
        var returning = new HubDevice(restored, later.Id, later.Token);
        (await returning.PushAsync(1, Op.Set(1))).ShouldBe(200);
        (await returning.GetAsync("/v1/devices")).Body.AsArray().Count.ShouldBe(2);

        // An account that the backup does not know is no account.
        var stranger = await world.JoinAsync("eve");
        (await new HubDevice(restored, stranger.Id, stranger.Token).GetAsync("/v1/auth/me")).ShouldBe(401, "token_invalid");
    }

    private static async Task<Answer> CallAsync(HubWorld world, string method, string path, string? token)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (method is "POST" or "PUT")
        {
            request.Content = new StringContent(
                "{\"device_id\":\"device-1\",\"ops\":[],\"last_seen_id\":0,\"captured_at\":\"2026-05-09T12:00:00Z\",\"complete\":true,\"items\":[]}"
            );
        }

        return await Answer.ReadAsync(await world.Client(token).SendAsync(request));
    }

    // Somebody else's claims under the first one's signature.
    private static string Forged(string token)
    {
        var parts = token.Split('.');
        var claims = JsonNode.Parse(Decode(parts[1]))!.AsObject();
        claims["exp"] = claims["exp"]!.GetValue<long>() + 1;
        return $"{parts[0]}.{Encode(claims.ToJsonString())}.{parts[2]}";
    }

    private static string Unsigned(string token) => $"{Encode("{\"alg\":\"none\",\"typ\":\"JWT\"}")}.{token.Split('.')[1]}.";

    private static string Decode(string part) => Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(part));

    private static string Encode(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));
}
