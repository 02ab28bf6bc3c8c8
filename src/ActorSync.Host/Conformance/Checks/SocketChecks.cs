using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The socket that wakes a device.</summary>
internal static class SocketChecks
{
    private const string Rule = "Pull: GET /api/v1/sync/ws";

    public static readonly ImmutableArray<Check> All =
    [
        new("socket.first_frame", Rule, "A frame with the log's end comes at once", FirstFrameAsync),
        new("socket.wakes", Rule, "After a commit a frame says so, also to other devices", WakesAsync),
        new("socket.passes_over", Rule, "What a client says is passed over", PassesOverAsync),
        new("socket.closes", Rule, "The hub answers a closing handshake", ClosesAsync),
        new("socket.token", Rule, "The upgrade needs the bearer of that device", TokenAsync),
        new("socket.upgrade_required", Rule, "Without an upgrade it is 426 upgrade_required", UpgradeRequiredAsync),
    ];

    private static async Task FirstFrameAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        using var socket = await WakeUps.OpenAsync(s.Main);
        Expect.Equal(end, await socket.NextAsync("the first frame"), "the first frame");
    }

    private static async Task WakesAsync(Session s)
    {
        using var socket = await WakeUps.OpenAsync(s.Main);
        await socket.NextAsync("the first frame");
        await socket.ReachAsync(await s.Main.EndAsync(), "the frame after a push");
        await socket.ReachAsync(await s.Main.EndAsync(), "the frame after another push");
        if (s.Input.SecondToken is not null || s.Paired is not null)
        {
            var second = await s.SecondAsync();
            await socket.ReachAsync((await second.PushAsync(second.Set())).End, "the frame after another device's push");
        }
    }

    private static async Task PassesOverAsync(Session s)
    {
        using var socket = await WakeUps.OpenAsync(s.Main);
        await socket.NextAsync("the first frame");
        await socket.SayAsync("{\"type\":\"hello\"}");
        await socket.SayAsync("no JSON");
        await socket.ReachAsync(await s.Main.EndAsync(), "the frame after a push");
    }

    private static async Task ClosesAsync(Session s)
    {
        using var socket = await WakeUps.OpenAsync(s.Main);
        await socket.NextAsync("the first frame");
        await socket.CloseAsync();
    }

    private static async Task TokenAsync(Session s)
    {
        var upgrade = new HubRequest("GET", WakeUps.PathOf(s.Main.Id)) { Upgrade = true };
        (await s.Nobody.SendAsync(upgrade)).Refuses(401, "token_missing");
        (await s.Nobody.As("a.b.c").SendAsync(upgrade)).Refuses(401, "token_invalid");
        var other = upgrade with { Path = WakeUps.PathOf($"stranger-{s.Way.Random(6)}") };
        (await s.Main.Caller.SendAsync(other)).Refuses(403, "device_mismatch");
    }

    private static async Task UpgradeRequiredAsync(Session s) =>
        (await s.Main.Caller.GetAsync(WakeUps.PathOf(s.Main.Id))).Refuses(426, "upgrade_required");
}
