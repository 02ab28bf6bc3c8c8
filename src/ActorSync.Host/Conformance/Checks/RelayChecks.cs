using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Operations that one device brings for another.</summary>
internal static class RelayChecks
{
    private const string Rule = "Push: relayed";

    public static readonly ImmutableArray<Check> All =
    [
        new("relay.unknown_origin", Rule, "An origin that is no device of the account is unknown_origin", UnknownOriginAsync),
        new("relay.unpublished", Rule, "Another's operation that is not published is invalid_request", UnpublishedAsync),
        new("relay.keeps_origin", Rule, "A relayed operation keeps its origin and stamp, and never causes a 409", KeepsOriginAsync),
        new("relay.dedupe", Rule, "Relayed and pushed, in either order, it is one operation", DedupeAsync),
        new("relay.id_of_another", "An operation: content", "The id of another device's operation is operation_conflict", IdOfAnotherAsync),
        new(
            "relay.blocked_by_origin",
            "Push: blocked, of the same origin and key",
            "Another origin's operation of the key is not blocked",
            BlockedAsync
        ),
    ];

    private static async Task UnknownOriginAsync(Session s)
    {
        var stranger = s.Main.Set() with { Published = true, Device = $"stranger-{s.Way.Random(6)}" };
        var good = s.Main.Set();
        var pushed = await s.Main.PushAsync(stranger, good);
        pushed.Refusal(stranger.Id, "unknown_origin");
        pushed.Of(good.Id);
        Expect.That(await s.Main.FindAsync(stranger.Id) is null, "an operation of unknown origin was stored");
    }

    private static async Task UnpublishedAsync(Session s)
    {
        var second = await s.SecondAsync();
        var op = s.Main.Set() with { Device = second.Id };
        (await s.Main.PushAsync(op)).Refusal(op.Id, "invalid_request");
        Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of another device that is not published was stored");
    }

    private static async Task KeepsOriginAsync(Session s)
    {
        var second = await s.SecondAsync();
        var end = await s.Main.EndAsync();
        var own = await s.Main.PushAsync(s.Main.Noop());
        var op = second.Set() with { Published = true, Device = second.Id };

        // The caller's clock is far behind: that is said of its own operations alone.
        var pushed = Pushed.Read(await s.Main.SendAsync([op.Json], clock: 1)).AllAccepted(1);
        Expect.Equal((op.Stamp, false), (pushed.Of(op.Id).Stamp, pushed.Of(op.Id).Duplicate), "stamp and duplicate");
        Expect.Equal(own.Receipt, pushed.Receipt, "the relayer's receipt");
        var pulled = (await s.Main.PullAllAsync(end.Id)).Single(o => o.OperationId == op.Id);
        Expect.Equal((second.Id, op.Stamp), (pulled.Device, pulled.Stamp), "origin and stamp");
    }

    private static async Task DedupeAsync(Session s)
    {
        var second = await s.SecondAsync();
        var ops = second.Sets(2);
        var own = (await second.PushAsync(ops[0])).Of(ops[0].Id);
        var relayed = await s.Main.PushAsync(ops.Select(o => o with { Published = true, Device = second.Id }));
        Expect.Equal(own with { Duplicate = true }, relayed.Of(ops[0].Id), "pushed by its device, then relayed");
        var again = (await second.PushAsync(ops[1])).Of(ops[1].Id);
        Expect.Equal(relayed.Of(ops[1].Id) with { Duplicate = true }, again, "relayed, then pushed by its device");
    }

    private static async Task IdOfAnotherAsync(Session s)
    {
        var second = await s.SecondAsync();
        var op = s.Main.Set();
        (await s.Main.PushAsync(op)).AllAccepted(1);
        var same = op with { Stamp = second.NextStamp() };
        (await second.PushAsync(same)).Refusal(op.Id, "operation_conflict");
    }

    private static async Task BlockedAsync(Session s)
    {
        var second = await s.SecondAsync();
        var key = s.Way.Random(8);
        var entity = s.Main.NewEntity();
        var wrong = s.Main.Set(key, "\"\\ud83d\"", entity);
        var other = second.Set(key, entity: entity) with { Published = true, Device = second.Id };
        var behind = s.Main.Set(key, entity: entity);
        var pushed = await s.Main.PushAsync(wrong, other, behind);
        pushed.Refusal(wrong.Id, "invalid_payload");
        pushed.Refusal(behind.Id, "blocked", wrong.Id);
        pushed.Of(other.Id);
    }
}
