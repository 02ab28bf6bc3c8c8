using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What operations come to, seen in the digest of an entity that this check alone has.</summary>
internal static class MergeChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new("merge.registers", "Merge", "Set and insert write registers: by key, by field, or the whole", s => SameAsync(s, Registers)),
        new(
            "merge.greatest_wins",
            "Merge: the greatest merge key",
            "The greatest stamp wins, in whatever order they come",
            s => SameAsync(s, GreatestWins)
        ),
        new(
            "merge.deletes",
            "Merge: tombstones",
            "A delete kills what is not above it, for ever; later writes live",
            s => SameAsync(s, Deletes)
        ),
        new("merge.noops", "Merge", "A noop and an empty object write nothing", s => SameAsync(s, Noops)),
        new(
            "merge.order_of_rows",
            "Digest: ordinal order",
            "Names and keys are ordered by the bytes of their UTF-8",
            s => SameAsync(s, OrderOfRows)
        ),
        new("merge.values", "Canonical JSON", "Values are in canonical form", s => SameAsync(s, Values)),
        new(
            "merge.equal_keys",
            "An operation: merge key",
            "Equal stamps of one device are decided by the operation's id",
            s => SameAsync(s, EqualKeys)
        ),
        new("merge.raised_stamp", "Push: the stamp is raised", "A raised stamp wins where the first one lost", RaisedAsync),
        new(
            "merge.devices",
            "An operation: merge key",
            "Equal stamps of two devices are decided by the ordinally greater id",
            DevicesAsync
        ),
    ];

    private static IEnumerable<Operation> Registers(TestDevice d, string entity) =>
        [
            d.Set("a", "{\"title\":\"x\",\"n\":1,\"gone\":null}", entity),
            d.Set("a", "{\"n\":2}", entity) with
            {
                Kind = "insert",
            },
            d.Set("a", "[1,2]", entity) with
            {
                Field = "tracks",
            },
            d.Set("a", "{\"k\":1}", entity) with
            {
                Field = "whole",
            },
            d.Set("b", "7", entity),
            d.Set("c", "null", entity),
            d.Set("d", "\"x\"", entity) with
            {
                Field = "",
            },
        ];

    private static IEnumerable<Operation> GreatestWins(TestDevice d, string entity)
    {
        var ops = Enumerable.Range(0, 6).Select(n => d.Set("a", $"{{\"title\":{n}}}", entity)).ToArray();
        return [ops[3], ops[5], ops[0], ops[4], ops[1], ops[2]];
    }

    private static IEnumerable<Operation> Deletes(TestDevice d, string entity)
    {
        var (write, delete) = (d.Set("a", "{\"t\":1,\"u\":1}", entity), d.Set("a", "null", entity) with { Kind = "delete" });
        var (late, field) = (d.Set("a", "{\"t\":2}", entity), d.Set("b", "{\"t\":1,\"u\":1}", entity));
        var lower = d.Set("c", "null", entity) with { Kind = "delete" };
        return
        [
            delete,
            late,
            write,
            field,
            d.Set("b", "null", entity) with
            {
                Kind = "delete",
                Field = "t",
            },
            d.Set("c", "null", entity) with
            {
                Kind = "delete",
            },
            lower,
            d.Set("e", "{\"t\":1}", entity),
            d.Set("e", "{\"not\":\"looked at\"}", entity) with
            {
                Kind = "delete",
            },
        ];
    }

    private static IEnumerable<Operation> Noops(TestDevice d, string entity) =>
        [
            d.Set("a", "{\"t\":1}", entity) with
            {
                Kind = "noop",
            },
            d.Set("a", "{}", entity),
            d.Set("a", "1", entity) with
            {
                Kind = "noop",
                Field = "t",
            },
            d.Set("b", "{\"t\":1}", entity),
            d.Set("b", "{}", entity),
        ];

    private static IEnumerable<Operation> OrderOfRows(TestDevice d, string entity) =>
        [
            d.Set("\U0001F600", "{\"\\ud83d\\ude00\":1,\"\\ufb01\":2,\"A\":3,\"a\":4,\"\":5,\"\\t\":6}", entity),
            d.Set("\uFB01", "1", entity),
            d.Set("A", "1", entity),
            d.Set("a", "1", entity),
            d.Set("a\u0001", "null", entity) with
            {
                Kind = "delete",
            },
        ];

    private static IEnumerable<Operation> Values(TestDevice d, string entity) =>
        [
            d.Set("a", " { \"b\" : 1.0 , \"a\" : { \"z\" : [ true , null ] , \"y\" : 1e0 } } ", entity),
            d.Set("b", "\"\\u00e9\\/\\u000A\\u001F\\u007f\"", entity),
            d.Set("c", "{\"k\":{\"\\ufb01\":1,\"\\ud83d\\ude00\":2,\"A\":3,\"\\t\":4}}", entity),
            d.Set("d", "-0.0e+1", entity),
        ];

    private static IEnumerable<Operation> EqualKeys(TestDevice d, string entity)
    {
        var ops = Enumerable.Range(0, 3).Select(n => d.Set("a", $"{{\"t\":{n}}}", entity)).ToArray();
        return [ops[2], ops[1] with { Stamp = ops[2].Stamp }, ops[0] with { Stamp = ops[2].Stamp }];
    }

    private static async Task RaisedAsync(Session s)
    {
        var entity = s.Main.NewEntity();
        var before = await s.Main.EndAsync();
        var (first, second) = (s.Main.Set("a", "{\"t\":1}", entity), s.Main.Set("a", "{\"t\":2,\"u\":2}", entity));
        await s.Main.PushAsync(first, second);
        await s.Main.PushAsync(first with { Stamp = s.Main.Skip(2), Published = true });
        await CompareAsync(s, entity, before.Id, 2);
    }

    private static async Task DevicesAsync(Session s)
    {
        var second = await s.SecondAsync();
        var entity = s.Main.NewEntity();
        var before = await s.Main.EndAsync();
        var (one, other) = (s.Main.Set("a", "{\"t\":1}", entity), second.Set("a", "{\"t\":2}", entity));
        var stamp = s.Main.Skip(Math.Max(0, second.Clock - s.Main.Clock) + 1);
        second.Skip(Math.Max(0, stamp - second.Clock));
        await s.Main.PushAsync(one with { Stamp = stamp });
        await second.PushAsync(other with { Stamp = stamp });
        await CompareAsync(s, entity, before.Id, 2);
    }

    private static async Task SameAsync(Session s, Func<TestDevice, string, IEnumerable<Operation>> program)
    {
        var entity = s.Main.NewEntity();
        var before = await s.Main.EndAsync();
        var ops = program(s.Main, entity).ToArray();
        foreach (var batch in ops.Chunk(3))
        {
            (await s.Main.PushAsync(batch)).AllAccepted(batch.Length);
        }

        await CompareAsync(s, entity, before.Id, ops.Length);
    }

    private static async Task CompareAsync(Session s, string entity, long since, int count)
    {
        var log = (await s.Main.PullAllAsync(since)).Where(o => o.Entity == entity).ToArray();
        Expect.Equal(count, log.Length, "the number of the check's operations in the log");
        var rows = ReplicaModel.Of(log).Rows();
        var digest = (await s.Main.Caller.GetAsync("/api/v1/sync/digest")).Gives();
        Expect.That(digest.Number("cursor") >= log.Max(o => o.Id), "the digest's cursor is behind what was acknowledged");
        Expect.Equal(ReplicaModel.Digest(rows), digest.Member("entities").Text(entity), $"the digest of the {rows.Length} rows");
    }
}
