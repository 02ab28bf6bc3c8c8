using System.Text.Json;
using ActorSync.Host.Conformance;
using ActorSync.Host.Conformance.Oracle;
using ActorSync.Hub;
using ActorSync.Tests.Architecture;
using ActorSync.Tests.Model;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Conformance;

/// <summary>What the checks compare a hub with is the document, and not our own code.</summary>
public sealed class OracleTests
{
    [Fact]
    public void The_published_canonical_forms_are_the_oracles()
    {
        var vectors = ProtocolVectorTests
            .Block("vectors-canonical")
            .Select(ProtocolVectorTests.Split)
            .Where(v => v.Right != "refused")
            .ToArray();
        vectors.Length.ShouldBeGreaterThan(3);
        foreach (var (json, expected) in vectors)
        {
            CanonicalText.Of(json).ShouldBe(expected);
        }
    }

    [Fact]
    public void The_published_digests_are_the_oracles()
    {
        var lines = ProtocolVectorTests.Block("vectors-digest");
        var rows = lines.Where(l => l.StartsWith('{')).Select(l => Row(JsonDocument.Parse(l).RootElement)).ToArray();
        var expected = lines
            .Where(l => !l.StartsWith('{'))
            .Select(ProtocolVectorTests.Split)
            .ToDictionary(v => v.Left, v => v.Right, StringComparer.Ordinal);

        ReplicaModel.Digest([]).ShouldBe(expected["nothing"]);
        ReplicaModel.Digest(rows).ShouldBe(expected["all"]);
        foreach (var entity in rows.GroupBy(r => r.Entity))
        {
            ReplicaModel.Digest(entity).ShouldBe(expected[entity.Key]);
        }

        rows.Reverse().Order(Comparer<ReplicaRow>.Create(ReplicaRow.Compare)).ShouldBe(rows);
    }

    [Fact]
    public void The_published_heads_are_the_oracles()
    {
        var head = HistoryChain.Start;
        foreach (var (link, expected) in ProtocolVectorTests.Block("vectors-head").Select(ProtocolVectorTests.Split))
        {
            var parts = link.Split("  ");
            head = HistoryChain.Next(head, long.Parse(parts[0]), parts[1], long.Parse(parts[2]));
            head.ShouldBe(expected);
        }
    }

    [Fact]
    public void The_oracle_comes_to_the_same_rows_in_every_order()
    {
        LogOp[] ops =
        [
            Op(1, "set", """{"t":1,"u":1}"""),
            Op(2, "set", """{"t":2}"""),
            Op(3, "delete", "null"),
            Op(4, "set", """{"t":3,"v":null}"""),
            Op(4, "insert", """{"t":4}""", "b"),
        ];

        var digests = Orders(ops).Select(order => ReplicaModel.Digest(ReplicaModel.Of(order).Rows())).ToArray();

        digests.Length.ShouldBe(120);
        digests.Distinct().ShouldHaveSingleItem();
        ReplicaModel
            .Of(ops)
            .Rows()
            .Select(r => (r.Kind, r.Register, r.Value))
            .ShouldBe([("D", "", ""), ("R", "t", "4"), ("R", "v", "null")]);
    }

    [Fact]
    public void Nothing_of_the_runtimes_or_the_hubs_rules_is_used()
    {
        var used = TypeUses
            .Written(typeof(Check).Assembly)
            .Where(type => type.Namespace!.StartsWith(typeof(Check).Namespace!, StringComparison.Ordinal))
            .SelectMany(TypeUses.Of)
            .Where(type => type.Assembly == typeof(SyncRuntime).Assembly || type.Assembly == typeof(HubServer).Assembly)
            .Select(type => type.FullName)
            .Distinct()
            .Order(StringComparer.Ordinal);

        used.ShouldBe(["ActorSync.Platform.IChance", "ActorSync.SyncException"]);
    }

    private static ReplicaRow Row(JsonElement json) =>
        new(
            json.Text("entity"),
            json.Text("entity_id"),
            json.Text("kind"),
            json.Text("register"),
            json.Text("value"),
            new MergeKey(json.Number("lamport_ts"), json.Text("device_id"), "018f3c5a-7b00-7000-8000-000000000001")
        );

    private static LogOp Op(long stamp, string kind, string payload, string device = "a") =>
        new()
        {
            Id = stamp,
            OperationId = $"018f3c5a-7b00-7000-8000-{stamp:x12}",
            Device = device,
            Stamp = stamp,
            Entity = "e",
            EntityId = "1",
            Field = null,
            Kind = kind,
            Payload = JsonDocument.Parse(payload).RootElement,
            Lane = "bulk",
            Schema = 1,
            CreatedAt = "",
        };

    private static IEnumerable<LogOp[]> Orders(LogOp[] ops) =>
        ops.Length == 0
            ?
            [
                [],
            ]
            : ops.SelectMany((op, i) => Orders([.. ops[..i], .. ops[(i + 1)..]]).Select(rest => (LogOp[])[op, .. rest]));
}
