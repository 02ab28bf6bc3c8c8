using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What a push stores and says.</summary>
internal static class PushChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new(
            "push.stores_in_order",
            "Push: then each operation, in the order of the batch",
            "A batch is stored in its order, each at its stamp",
            StoresAsync
        ),
        new(
            "push.durable",
            "Push: the answer comes when all of it is on disk",
            "What an answer names can be asked for at once",
            DurableAsync
        ),
        new("push.receipt", "Push: receipt", "The receipt counts everything that is held of the device", ReceiptAsync),
        new(
            "push.any_order_of_stamps",
            "Push: stamps may come in any order",
            "Stamps may fall within a batch and between batches",
            AnyOrderAsync
        ),
        new(
            "push.together",
            "Head: in the order of commits, without a gap",
            "Pushes that come together are one after the other in the log",
            TogetherAsync
        ),
        new("push.defaults", "An operation: defaults", "Field, payload, lane, schema and published may be absent", DefaultsAsync),
        new("push.envelope", "Push: the envelope (400)", "An envelope that cannot be read is 400 and stores nothing", EnvelopeAsync),
        new(
            "push.order_of_checks",
            "Push: a hub checks, in this order",
            "Envelope, then device, then known, then clock",
            OrderOfChecksAsync
        ),
    ];

    private static async Task StoresAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var ops = s.Main.Sets(4);
        var pushed = (await s.Main.PushAsync(ops)).AllAccepted(4);
        for (var i = 0; i < ops.Length; i++)
        {
            Expect.Equal(
                new AcceptedOp(ops[i].Id, before.Id + 1 + i, ops[i].Stamp, Duplicate: false),
                pushed.Accepted[i],
                $"accepted operation {i}"
            );
        }

        Expect.Equal(pushed.Accepted[^1].Id, pushed.End.Id, "last_id");
        Expect.Equal(s.Main.Id, pushed.Receipt.Device, "device_id of the receipt");
    }

    private static async Task DurableAsync(Session s)
    {
        var ops = s.Main.Sets(2);
        var pushed = (await s.Main.PushAsync(ops)).AllAccepted(2);
        foreach (var op in ops)
        {
            var found = await s.Main.FindAsync(op.Id) ?? throw Expect.Failed("an operation that was accepted is 404");
            Expect.Equal(pushed.Of(op.Id).Id, found.Id, "id");
            Expect.Equal((op.Stamp, s.Main.Id), (found.Stamp, found.Device), "stamp and device");
        }
    }

    private static async Task ReceiptAsync(Session s)
    {
        var first = await s.Main.PushAsync(s.Main.Noop());
        var ops = s.Main.Sets(3);
        var second = await s.Main.PushAsync(ops);
        Expect.Equal(first.Receipt.Count + 3, second.Receipt.Count, "count");
        Expect.Equal(s.Main.Clock, second.Receipt.HighestStamp, "highest_lamport");
        var again = await s.Main.PushAsync(ops[0]);
        Expect.Equal(second.Receipt, again.Receipt, "the receipt after a duplicate");
    }

    private static async Task AnyOrderAsync(Session s)
    {
        var ops = s.Main.Sets(4);
        (await s.Main.PushAsync(ops[3], ops[2])).AllAccepted(2);
        var late = (await s.Main.PushAsync(ops[1], ops[0])).AllAccepted(2);
        Expect.Equal(ops[0].Stamp, late.Of(ops[0].Id).Stamp, "the stamp of the lowest, pushed last");
        Expect.Equal(s.Main.Clock, late.Receipt.HighestStamp, "highest_lamport");
    }

    private static async Task TogetherAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var batches = Enumerable.Range(0, 8).Select(_ => s.Main.Sets(3)).ToArray();
        var answers = await Task.WhenAll(batches.Select(ops => s.Main.PushAsync(ops)));
        foreach (var (ops, pushed) in batches.Zip(answers))
        {
            var first = pushed.AllAccepted(3).Of(ops[0].Id).Id;
            Expect.That(
                pushed.Accepted.Select(a => a.Id).SequenceEqual([first, first + 1, first + 2]),
                "the operations of one push are not one behind the other"
            );
        }

        var log = await s.Main.PullAllAsync(before.Id);
        Expect.Equal(24, log.Length, "the number of operations");
        Expect.Equal(answers.Select(a => a.End).MaxBy(e => e.Id), HistoryChain.Follow(before, log), "the log's end");
    }

    private static async Task DefaultsAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var op = s.Main.Set(payload: "null");
        var bare =
            $"{{\"operation_id\":\"{op.Id}\",\"lamport_ts\":{op.Stamp},\"entity\":\"{op.Entity}\",\"entity_id\":\"{op.EntityId}\",\"op\":\"set\"}}";
        (await s.Main.PushJsonAsync(bare)).AllAccepted(1).Of(op.Id);
        var found = (await s.Main.PullAllAsync(before.Id)).Single(o => o.OperationId == op.Id);
        Expect.Equal((null, "priority", 1L), (found.Field, found.Lane, found.Schema), "field, lane and schema");
        Expect.Equal("null", found.Payload.GetRawText(), "payload");
        Expect.Equal(s.Main.Id, found.Device, "device_id");
    }

    private static async Task EnvelopeAsync(Session s)
    {
        var op = s.Main.Set();
        var device = JsonText.Quote(s.Main.Id);
        foreach (
            var body in new[]
            {
                $"{{\"clock\":{s.Main.Clock},\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":\"  \",\"clock\":{s.Main.Clock},\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":7,\"clock\":{s.Main.Clock},\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock}}}",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock},\"ops\":{op.Json}}}",
                $"{{\"device_id\":{device},\"clock\":\"{s.Main.Clock}\",\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock},\"known\":7,\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock},\"known\":{{\"last_id\":0,\"head\":\"x\"}},\"ops\":[{op.Json}]}}",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock},\"ops\":[{op.Json}]",
                $"{{\"device_id\":{device},\"clock\":{s.Main.Clock},\"ops\":[{op.Json}]}},",
            }
        )
        {
            (await s.Main.SendBodyAsync(body)).Refuses(400, "invalid_request");
        }

        Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of an unreadable envelope was stored");
    }

    private static async Task OrderOfChecksAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var wrong = end with { Head = s.Way.Random(32) };
        var (op, stranger) = (s.Main.Set(), $"stranger-{s.Way.Random(6)}");
        var unreadable = s.Main.Envelope([op.Json], 0, wrong, stranger)[..^1];
        (await s.Main.SendBodyAsync(unreadable)).Refuses(400, "invalid_request");
        (await s.Main.SendAsync([op.Json], 0, wrong, stranger)).Refuses(403, "device_mismatch");
        (await s.Main.SendAsync([op.Json], 0, wrong)).Refuses(410, "resync_required");
        (await s.Main.SendAsync([op.Json], 0, end)).Refuses(409, "lamport_regression");
        Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of a refused push was stored");
    }
}
