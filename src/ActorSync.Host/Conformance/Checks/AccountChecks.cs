using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Who am I, and which devices are there.</summary>
internal static class AccountChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new("account.me", "Signing in: GET /v1/auth/me", "GET /v1/auth/me names account, handle, device and the token's end", MeAsync),
        new("account.devices", "Signing in: GET /v1/devices", "GET /v1/devices lists the account's devices", DevicesAsync),
        new(
            "account.describe",
            "Signing in: PUT /v1/devices/self",
            "A device changes its name and peer id; what is absent stays",
            DescribeAsync
        ),
    ];

    private static async Task MeAsync(Session s)
    {
        var answer = await s.Main.Caller.GetAsync("/v1/auth/me");
        var me = answer.Gives();
        Expect.That(me.Text("account").Length > 0 && me.Text("handle").Length > 0, "account or handle is empty");
        Expect.Equal(s.Main.Id, me.Text("device_id"), "device_id");
        var end = Expect.Instant(me.Text("token_expires_at"), "token_expires_at");
        if (answer.Header("date") is { } date)
        {
            Expect.That(end > DateTimeOffset.Parse(date, System.Globalization.CultureInfo.InvariantCulture), "token_expires_at has passed");
        }
    }

    private static async Task DevicesAsync(Session s)
    {
        var second = s.Input.SecondToken is null ? null : await s.SecondAsync();
        var devices = await ListAsync(s);
        foreach (var device in devices)
        {
            Expect.That(device.Text("device_id").Length > 0, "a device has no id");
            _ = (device.TextOrNull("name"), device.TextOrNull("peer_id"), device.Truth("revoked"));
            if (device.TextOrNull("last_seen_at") is { } seen)
            {
                Expect.Instant(seen, "last_seen_at");
            }
        }

        foreach (var id in second is null ? [s.Main.Id] : new[] { s.Main.Id, second.Id })
        {
            var own = devices.Where(d => d.Text("device_id") == id).ToArray();
            Expect.Equal(1, own.Length, $"how often {id} is listed");
            Expect.That(!own[0].Truth("revoked"), $"{id} is listed as revoked, and is let in");
        }
    }

    private static async Task DescribeAsync(Session s)
    {
        var before = await OwnAsync(s);
        var (name, peer) = ($"Blå {s.Way.Random(4)} \"x\"", s.Way.Random(8));
        (await PutAsync(s, $"{{\"name\":{JsonText.Quote(name)},\"peer_id\":{JsonText.Quote(peer)}}}")).Is(204);
        var after = await OwnAsync(s);
        Expect.Equal((name, peer), (after.TextOrNull("name"), after.TextOrNull("peer_id")), "name and peer_id");
        (await PutAsync(s, "{\"name\":\"again\"}")).Is(204);
        after = await OwnAsync(s);
        Expect.Equal(
            ("again", peer),
            (after.TextOrNull("name"), after.TextOrNull("peer_id")),
            "name and peer_id, with the peer id left out"
        );

        // As it was before, as far as that can be said: what is absent stays.
        var (oldName, oldPeer) = (before.TextOrNull("name") ?? "conformance", before.TextOrNull("peer_id"));
        var peerPart = oldPeer is null ? "" : $",\"peer_id\":{JsonText.Quote(oldPeer)}";
        (await PutAsync(s, $"{{\"name\":{JsonText.Quote(oldName)}{peerPart}}}")).Is(204);
    }

    public static async Task<ImmutableArray<JsonElement>> ListAsync(Session s)
    {
        var json = (await s.Main.Caller.GetAsync("/v1/devices")).Gives();
        Expect.Equal(JsonValueKind.Array, json.ValueKind, "the kind of the list");
        return [.. json.EnumerateArray()];
    }

    private static async Task<JsonElement> OwnAsync(Session s) => (await ListAsync(s)).First(d => d.Text("device_id") == s.Main.Id);

    private static Task<Answer> PutAsync(Session s, string json) =>
        s.Main.Caller.SendAsync(new HubRequest("PUT", "/v1/devices/self") { Body = Encoding.UTF8.GetBytes(json) });
}
