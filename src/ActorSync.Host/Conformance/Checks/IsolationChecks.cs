using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What one account has, another never sees.</summary>
internal static class IsolationChecks
{
    private const string Rule = "An operation: unique within an account; each account has its own sequence";

    public static readonly ImmutableArray<Check> All =
    [
        new("isolation.log", Rule, "Another account neither pulls nor finds an operation", LogAsync),
        new("isolation.ids", Rule, "The same operation id in another account is another operation", IdsAsync),
        new(
            "isolation.origin",
            "Push: its origin has to be a device of the same account",
            "A device of another account is an unknown origin",
            OriginAsync
        ),
        new("isolation.body", "Push: device_mismatch", "Another account cannot push for the device", BodyAsync),
        new("isolation.replica", Rule, "Another account's digest and snapshot have nothing of it", ReplicaAsync),
        new("isolation.devices", "Signing in: those of the account", "Another account does not see the device", DevicesAsync),
        new("isolation.socket", "Pull: GET /api/v1/sync/ws", "Another account is not woken with its ids or heads", SocketAsync),
    ];

    private static async Task LogAsync(Session s)
    {
        var other = await s.OtherAsync();
        var since = (await other.EndAsync()).Id;
        var op = s.Main.Set();
        (await s.Main.PushAsync(op)).AllAccepted(1);
        Expect.That(await other.FindAsync(op.Id) is null, "another account finds the operation by its id");
        Expect.That((await other.PullAsync(since)).Ops.IsEmpty, "another account's log grew");
        Expect.That((await other.PullAllAsync(0)).All(o => o.OperationId != op.Id), "another account pulls the operation");
    }

    private static async Task IdsAsync(Session s)
    {
        var other = await s.OtherAsync();
        var op = s.Main.Set();
        await s.Main.PushAsync(op);
        var theirs = op with { Stamp = other.NextStamp(), Payload = "\"theirs\"" };
        var pushed = (await other.PushAsync(theirs)).AllAccepted(1).Of(op.Id);
        Expect.Equal((theirs.Stamp, false), (pushed.Stamp, pushed.Duplicate), "stamp and duplicate");
        Expect.Equal(op.Stamp, (await s.Main.FindAsync(op.Id))?.Stamp, "the first account's stamp");
    }

    private static async Task OriginAsync(Session s)
    {
        var other = await s.OtherAsync();
        Session.Require(other.Id != s.Main.Id, "both accounts' devices have the same id");
        var op = other.Set() with { Device = s.Main.Id, Published = true };
        (await other.PushAsync(op)).Refusal(op.Id, "unknown_origin");
    }

    private static async Task BodyAsync(Session s)
    {
        var other = await s.OtherAsync();
        Session.Require(other.Id != s.Main.Id, "both accounts' devices have the same id");
        var op = s.Main.Set();
        (await other.SendAsync([op.Json], s.Main.Clock, deviceId: s.Main.Id)).Refuses(403, "device_mismatch");
        Expect.That(await s.Main.FindAsync(op.Id) is null, "another account pushed for the device");
    }

    private static async Task ReplicaAsync(Session s)
    {
        var other = await s.OtherAsync();
        var entity = s.Main.NewEntity();
        await s.Main.PushAsync(s.Main.Set(entity: entity));
        var digest = (await other.Caller.GetAsync("/api/v1/sync/digest")).Gives();
        Expect.That(!digest.Member("entities").TryGetProperty(entity, out _), "another account's digest names the entity");
        var snapshot = (await other.Caller.GetAsync("/api/v1/sync/snapshot")).Gives();
        Expect.That(snapshot.Items("rows").All(r => r.Text("entity") != entity), "another account's snapshot has the row");
    }

    private static async Task DevicesAsync(Session s)
    {
        var other = await s.OtherAsync();
        Session.Require(other.Id != s.Main.Id, "both accounts' devices have the same id");
        var theirs = (await other.Caller.GetAsync("/v1/devices")).Gives();
        Expect.That(theirs.EnumerateArray().All(d => d.Text("device_id") != s.Main.Id), "another account lists the device");
    }

    private static async Task SocketAsync(Session s)
    {
        var other = await s.OtherAsync();
        var at = await other.EndAsync();
        using var socket = await WakeUps.OpenAsync(other);
        Expect.Equal(at, await socket.NextAsync("the first frame"), "the first frame");
        await s.Main.PushAsync(s.Main.Sets(2));
        var op = other.Set();
        var pushed = await other.PushAsync(op);
        Expect.Equal(new Pair(at.Id + 1, HistoryChain.Next(at.Head, at.Id + 1, op.Id, op.Stamp)), pushed.End, "last_id and head");

        // Whatever comes before it has to be of this account's own log.
        for (var pair = at; pair != pushed.End; )
        {
            pair = await socket.NextAsync("the frame after the account's own push");
            Expect.That(pair == at || pair == pushed.End, $"a frame gives {pair}, which the account's log does not have");
        }
    }
}
