using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>An operation that the hub has already: told apart by content, never by stamp.</summary>
internal static class KnownOpChecks
{
    private const string Rule = "Push: the hub has it";

    public static readonly ImmutableArray<Check> All =
    [
        new("known.duplicate", Rule, "The same again is a duplicate with its first id", DuplicateAsync),
        new("known.stored_stamp", Rule, "Of an unpublished duplicate the stored stamp stands, and the answer gives it", StoredStampAsync),
        new("known.twice_in_a_batch", Rule, "The same twice in one batch is stored once", TwiceAsync),
        new(
            "known.canonical_content",
            "An operation: content; Canonical JSON",
            "Another spelling or lane of the same content is a duplicate",
            SpellingAsync
        ),
        new("known.conflict", Rule, "Other content under a known id is operation_conflict, and changes nothing", ConflictAsync),
        new("known.raise", Rule, "A published higher stamp moves the row to the log's end under a new id", RaiseAsync),
        new("known.no_lowering", Rule, "A published stamp that is not higher changes nothing", NoLoweringAsync),
    ];

    private static async Task DuplicateAsync(Session s)
    {
        var op = s.Main.Set();
        var first = (await s.Main.PushAsync(op)).Of(op.Id);
        var again = (await s.Main.PushAsync(op, s.Main.Noop())).AllAccepted(2);
        Expect.Equal(first with { Duplicate = true }, again.Of(op.Id), "the duplicate");
        Expect.Equal(first.Id + 1, again.End.Id, "last_id after a duplicate and a new operation");
    }

    private static async Task StoredStampAsync(Session s)
    {
        var op = s.Main.Set();
        var first = (await s.Main.PushAsync(op)).Of(op.Id);
        var shifted = op with { Stamp = s.Main.Skip(5) };
        Expect.Equal(first with { Duplicate = true }, (await s.Main.PushAsync(shifted)).Of(op.Id), "pushed again with a higher stamp");
        var lower = op with { Stamp = op.Stamp - 1 };
        Expect.Equal(first with { Duplicate = true }, (await s.Main.PushAsync(lower)).Of(op.Id), "pushed again with a lower stamp");
        Expect.Equal(new LogOp.Place(first.Id, op.Stamp, s.Main.Id), await s.Main.FindAsync(op.Id), "where it stands");
    }

    private static async Task TwiceAsync(Session s)
    {
        var op = s.Main.Set();
        var pushed = await s.Main.PushAsync(op, op);
        Expect.Equal(2, pushed.Accepted.Length, "accepted");
        Expect.That(!pushed.Accepted[0].Duplicate && pushed.Accepted[1].Duplicate, "the first should be new and the second a duplicate");
        Expect.Equal(pushed.Accepted[0].Id, pushed.Accepted[1].Id, "their id");
    }

    private static async Task SpellingAsync(Session s)
    {
        var op = s.Main.Set(payload: "{\"a\":[true,null],\"b\":\"é/\"}");
        (await s.Main.PushAsync(op)).AllAccepted(1);
        foreach (
            var same in new[]
            {
                op with
                {
                    Payload = " { \"b\" : \"\\u00e9\\/\", \"a\":[ true ,null] } ",
                },
                op with
                {
                    Lane = "priority",
                },
                op with
                {
                    Device = s.Main.Id,
                },
            }
        )
        {
            Expect.That((await s.Main.PushAsync(same)).AllAccepted(1).Of(op.Id).Duplicate, $"{same.Json} should be a duplicate");
        }
    }

    private static async Task ConflictAsync(Session s)
    {
        var op = s.Main.Set(payload: "{\"n\":1}");
        var first = (await s.Main.PushAsync(op)).Of(op.Id);
        foreach (
            var other in new[]
            {
                op with
                {
                    Payload = "{\"n\":1.0}",
                },
                op with
                {
                    Payload = "null",
                },
                op with
                {
                    Entity = op.Entity + "x",
                },
                op with
                {
                    EntityId = op.EntityId + "x",
                },
                op with
                {
                    Field = "",
                },
                op with
                {
                    Kind = "insert",
                },
                op with
                {
                    Schema = 2,
                },
                op with
                {
                    Payload = "{\"n\":2}",
                    Published = true,
                    Stamp = op.Stamp + 1,
                },
            }
        )
        {
            var pushed = await s.Main.PushAsync(other);
            pushed.Refusal(op.Id, "operation_conflict");
            Expect.Equal(first.Id, pushed.End.Id, $"last_id after {other.Json}");
        }

        Expect.Equal(new LogOp.Place(first.Id, op.Stamp, s.Main.Id), await s.Main.FindAsync(op.Id), "where it stands");
    }

    private static async Task RaiseAsync(Session s)
    {
        var ops = s.Main.Sets(3);
        var before = (await s.Main.PushAsync(ops)).AllAccepted(3);
        var raised = ops[1] with { Stamp = s.Main.Skip(7), Published = true };
        var after = await s.Main.PushAsync(raised);
        var expected = new AcceptedOp(raised.Id, before.End.Id + 1, raised.Stamp, Duplicate: true);
        Expect.Equal(expected, after.Of(raised.Id), "the raised operation");
        Expect.Equal(
            new Pair(expected.Id, HistoryChain.Next(before.End.Head, expected.Id, raised.Id, raised.Stamp)),
            after.End,
            "last_id and head"
        );
        Expect.Equal(before.Receipt.Count, after.Receipt.Count, "count of the receipt");
        Expect.Equal(new LogOp.Place(expected.Id, raised.Stamp, s.Main.Id), await s.Main.FindAsync(raised.Id), "where it stands");

        var pulled = (await s.Main.PullAllAsync(before.Of(ops[0].Id).Id - 1)).Where(o => ops.Any(op => op.Id == o.OperationId)).ToArray();
        Expect.That(
            pulled.Select(o => o.OperationId).SequenceEqual([ops[0].Id, ops[2].Id, ops[1].Id], StringComparer.Ordinal),
            "a pull should give the raised operation once, at the end"
        );
        Expect.Equal((expected.Id, raised.Stamp), (pulled[^1].Id, pulled[^1].Stamp), "its id and stamp");
    }

    private static async Task NoLoweringAsync(Session s)
    {
        var op = s.Main.Set();
        var first = (await s.Main.PushAsync(op)).Of(op.Id);
        foreach (var stamp in new[] { op.Stamp, Math.Max(1, op.Stamp - 1) })
        {
            var pushed = await s.Main.PushAsync(op with { Stamp = stamp, Published = true });
            Expect.Equal(first with { Duplicate = true }, pushed.Of(op.Id), $"published again at {stamp}");
            Expect.Equal(first.Id, pushed.End.Id, "last_id");
        }
    }
}
