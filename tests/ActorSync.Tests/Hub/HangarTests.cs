using ActorSync.Hub.Store;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class HangarTests
{
    private const string Path = "/v1/me/hangar";

    [Fact]
    public async Task The_last_complete_capture_of_each_device_is_kept()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync());
        (await world.Hub.HangarAsync("ada", device.Id)).ShouldBeNull();
        (await PushAsync(device, "2026-05-09T10:00:00Z", "[{\"id\":1}]")).ShouldBe(204);
        (await PushAsync(other, "2026-05-09T10:00:00+02:00", "[2]")).ShouldBe(204);
        (await PushAsync(device, "2026-05-09T11:00:00.5Z", "[{\"id\":1},{\"ü\":1.50}]")).ShouldBe(204);
        var kept = (await world.Hub.HangarAsync("ada", device.Id)).ShouldNotBeNull();
        kept.Items.ShouldBe("[{\"id\":1},{\"ü\":1.50}]");
        kept.CapturedAt.ShouldBe(new DateTimeOffset(2026, 5, 9, 11, 0, 0, 500, TimeSpan.Zero));
        kept.ReceivedAt.ShouldBe(world.Clock.GetUtcNow());
        (await world.Hub.HangarAsync("ada", other.Id)).ShouldNotBeNull().CapturedAt.Hour.ShouldBe(8);

        await world.RestartAsync();
        (await world.Hub.HangarAsync("ada", device.Id)).ShouldBe(kept);
    }

    [Fact]
    [Trait("criterion", "G2")]
    public async Task A_partial_an_empty_and_an_older_capture_replace_nothing()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await PushAsync(device, "2026-05-09T10:00:00Z", "[ ]")).ShouldBe(204);
        (await PushAsync(device, "2026-05-09T10:00:01Z", "[1]")).ShouldBe(204);
        (await PushAsync(device, "2026-05-09T10:00:02Z", "[2]", "false")).ShouldBe(400, "incomplete_snapshot");
        (await PushAsync(device, "2026-05-09T10:00:02Z", "[\n]")).ShouldBe(204);
        (await PushAsync(device, "2026-05-09T10:00:00Z", "[3]")).ShouldBe(204);
        (await world.Hub.HangarAsync("ada", device.Id)).ShouldNotBeNull().Items.ShouldBe("[1]");
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("{\"captured_at\":\"2026-05-09T10:00:00Z\",\"items\":[]}")]
    [InlineData("{\"captured_at\":\"2026-05-09T10:00:00Z\",\"complete\":1,\"items\":[]}")]
    [InlineData("{\"captured_at\":\"2026-05-09T10:00:00Z\",\"complete\":true,\"items\":{}}")]
    [InlineData("{\"captured_at\":\"yesterday\",\"complete\":true,\"items\":[]}")]
    [InlineData("{\"complete\":true,\"items\":[]}")]
    public async Task What_is_no_capture_is_400(string body)
    {
        await using var world = await HubWorld.StartAsync();
        (await SendAsync(await world.JoinAsync(), body)).ShouldBe(400, "invalid_request");
    }

    [Fact]
    [Trait("criterion", "I15")]
    public async Task A_capture_is_bounded_and_may_be_gzip()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await PushAsync(device, "2026-05-09T10:00:00Z", $"[\"{new string('x', 4 << 20)}\"]")).ShouldBe(413, "too_large");
        var zipped = new ByteArrayContent(
            BoundsTests.Zip("{\"captured_at\":\"2026-05-09T10:00:00Z\",\"complete\":true,\"items\":[7]}"u8.ToArray())
        );
        zipped.Headers.ContentEncoding.Add("gzip");
        (await device.SendAsync(HttpMethod.Post, Path, zipped)).ShouldBe(204);
        (await world.Hub.HangarAsync("ada", device.Id)).ShouldNotBeNull().Items.ShouldBe("[7]");
    }

    [Fact]
    [Trait("criterion", "X4")]
    public async Task A_capture_needs_a_token_that_may_sync()
    {
        await using var world = await HubWorld.StartAsync();
        var (ada, bob) = (await world.JoinAsync("ada", "d"), await world.JoinAsync("bob", "d"));
        (await PushAsync(ada, "2026-05-09T10:00:00Z", "[1]")).ShouldBe(204);
        (await world.Hub.HangarAsync("bob", "d")).ShouldBeNull();
        (await Answer.ReadAsync(await world.Client().PostAsync(Path, new StringContent("{}")))).ShouldBe(401, "token_missing");
        (await world.Hub.SetAccountStatusAsync("bob", AccountStatus.Restricted)).ShouldBeTrue();
        (await PushAsync(bob, "2026-05-09T10:00:00Z", "[1]")).ShouldBe(403, "account_restricted");
        (await world.Hub.RevokeDeviceAsync("ada", "d")).ShouldBeTrue();
        (await PushAsync(ada, "2026-05-09T10:00:00Z", "[1]")).ShouldBe(401, "token_revoked");
    }

    private static Task<Answer> PushAsync(HubDevice device, string capturedAt, string items, string complete = "true") =>
        SendAsync(device, $"{{\"captured_at\":\"{capturedAt}\",\"complete\":{complete},\"items\":{items}}}");

    private static Task<Answer> SendAsync(HubDevice device, string body) =>
        device.SendAsync(HttpMethod.Post, Path, new StringContent(body));
}
