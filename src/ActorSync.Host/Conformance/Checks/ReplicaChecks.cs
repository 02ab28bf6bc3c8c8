using System.Collections.Immutable;
using System.Text.Json;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The account's replica: its digest and its snapshot, against a model of our own over the log.</summary>
internal static class ReplicaChecks
{
    private const string DigestRule = "Pull: GET /api/v1/sync/digest";
    private const string SnapshotRule = "Pull: GET /api/v1/sync/snapshot";
    private const string SnapshotPath = "/api/v1/sync/snapshot";
    private static readonly string[] Members = ["cursor", "head", "clock", "rows", "count", "digest"];

    public static readonly ImmutableArray<Check> All =
    [
        new("replica.digest_follows", DigestRule, "The digest has in it what was acknowledged before it was asked for", DigestFollowsAsync),
        new("replica.digest_of_log", DigestRule, "The digest is that of the replayed log", DigestOfLogAsync),
        new(
            "replica.snapshot_shape",
            SnapshotRule,
            "A snapshot has its members and rows in their order, count and digest right",
            ShapeAsync
        ),
        new(
            "replica.snapshot_rows",
            SnapshotRule,
            "Its rows are what the operations come to, with the merge keys of those that wrote them",
            RowsAsync
        ),
        new("replica.snapshot_of_log", SnapshotRule, "A snapshot is the replayed log", SnapshotOfLogAsync),
        new("replica.snapshot_resumes", SnapshotRule, "From a snapshot's cursor a pull goes on without a gap", ResumesAsync),
        new("replica.snapshot_gzip", SnapshotRule, "It comes in gzip only to who accepts that", GzipAsync),
    ];

    private static async Task DigestFollowsAsync(Session s)
    {
        var op = s.Main.Set(entity: s.Main.NewEntity());
        var first = await DigestAsync(s);
        for (var n = 0; n < 2; n++)
        {
            var pushed = await s.Main.PushAsync(op with { Id = s.Main.NewId(), Stamp = s.Main.NextStamp() });
            var next = await DigestAsync(s);
            Expect.That(next.Number("cursor") >= pushed.End.Id, "cursor is behind what was acknowledged");
            Expect.That(next.Text("digest") != first.Text("digest"), "the digest did not change with the replica");
            first = next;
        }
    }

    private static async Task DigestOfLogAsync(Session s)
    {
        await s.Main.PushAsync(s.Main.Set(), s.Main.Set(payload: "null") with { Kind = "delete" });
        var digest = await DigestAsync(s);
        var rows = ReplicaModel.Of(await LogAsync(s, digest.Number("cursor"))).Rows();
        Expect.Equal(ReplicaModel.Digest(rows), digest.Text("digest"), $"the digest of the {rows.Length} rows");
        var entities = digest.Member("entities").EnumerateObject().ToDictionary(e => e.Name, e => e.Value.TextOf(), StringComparer.Ordinal);
        foreach (var group in rows.GroupBy(r => r.Entity, StringComparer.Ordinal))
        {
            Expect.Equal(ReplicaModel.Digest(group), entities.GetValueOrDefault(group.Key), $"the digest of entity {group.Key}");
        }
    }

    private static async Task ShapeAsync(Session s)
    {
        await s.Main.PushAsync(s.Main.Set(payload: "{\"a\":null,\"b\":[1.0]}"), s.Main.Set(payload: "null") with { Kind = "delete" });
        var json = await SnapshotAsync(s);
        var names = json.EnumerateObject().Select(m => m.Name).Where(n => Members.Contains(n, StringComparer.Ordinal));
        Expect.That(names.SequenceEqual(Members, StringComparer.Ordinal), "the members are not there, or not in their order");
        Expect.Hex(json.Text("head"), "head");
        var rows = Rows(json);
        for (var i = 1; i < rows.Length; i++)
        {
            Expect.That(ReplicaRow.Compare(rows[i - 1], rows[i]) < 0, $"row {i} is not behind the one before it: {rows[i]}");
        }

        Expect.Equal(rows.Length, json.Number("count"), "count");
        Expect.Equal(ReplicaModel.Digest(rows), json.Text("digest"), "the digest over the rows");
        Expect.That(json.Number("clock") >= s.Main.Clock, "clock is below a stamp of the account");
        foreach (var row in json.Items("rows").Where(r => r.Text("kind") == "R").Select(r => r.Member("value")))
        {
            Expect.Equal(CanonicalText.Of(row), row.GetRawText(), "the spelling of a value");
        }
    }

    private static async Task RowsAsync(Session s)
    {
        var (entity, before) = (s.Main.NewEntity(), await s.Main.EndAsync());
        var dead = s.Main.Set("dead", "{\"t\":1}", entity);
        Operation[] ops =
        [
            dead,
            s.Main.Set("dead", "null", entity) with
            {
                Kind = "delete",
            },
            s.Main.Set("dead", "{\"again\":true}", entity),
            s.Main.Set("live", "{\"t\":1,\"u\":2}", entity),
            s.Main.Set("live", "{\"t\":null}", entity),
            s.Main.Set("other", "\"😀\"", entity) with
            {
                Field = "ﬁ",
            },
        ];
        await s.Main.PushAsync(ops);
        await s.Main.PushAsync(ops[3] with { Stamp = s.Main.Skip(4), Published = true });
        var expected = ReplicaModel.Of((await s.Main.PullAllAsync(before.Id)).Where(o => o.Entity == entity)).Rows();
        Same(expected, [.. Rows(await SnapshotAsync(s)).Where(r => r.Entity == entity)]);
    }

    private static async Task SnapshotOfLogAsync(Session s)
    {
        await s.Main.PushAsync(s.Main.Set(), s.Main.Set(payload: "null") with { Kind = "delete" });
        var json = await SnapshotAsync(s);
        var log = await LogAsync(s, json.Number("cursor"));
        Same(ReplicaModel.Of(log).Rows(), Rows(json));
        Expect.Equal(log.Max(o => o.Stamp), json.Number("clock"), "clock");
    }

    private static async Task ResumesAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var json = await SnapshotAsync(s);
        var cursor = new Pair(json.Number("cursor"), json.Text("head"));
        Expect.Equal(end, cursor, "cursor and head");
        var ops = s.Main.Sets(2);
        await s.Main.PushAsync(ops);
        var page = Page.Read((await s.Main.Caller.GetAsync($"{TestDevice.OpsPath}?since={cursor.Id}&head={cursor.Head}")).Gives());
        Expect.That(page.Ops.Select(o => o.OperationId).SequenceEqual(ops.Select(o => o.Id), StringComparer.Ordinal), "there is a gap");
    }

    private static async Task GzipAsync(Session s)
    {
        var plain = await s.Main.Caller.GetAsync(SnapshotPath);
        plain.Gives().Items("rows");
        Expect.Equal(null, plain.Header("content-encoding"), "Content-Encoding to who accepts none");
        var packed = await s.Main.Caller.SendAsync(new HubRequest("GET", SnapshotPath) { AcceptGzip = true });
        Expect.That(packed.Header("content-encoding") is null or "gzip", $"Content-Encoding is {packed.Header("content-encoding")}");
        Expect.That(plain.Body.AsSpan().SequenceEqual(packed.Body), "the two bodies differ");
    }

    private static async Task<JsonElement> DigestAsync(Session s)
    {
        var digest = (await s.Main.Caller.GetAsync("/api/v1/sync/digest")).Gives();
        Expect.Hex(digest.Text("digest"), "digest");
        return digest;
    }

    private static async Task<JsonElement> SnapshotAsync(Session s) =>
        (await s.Main.Caller.SendAsync(new HubRequest("GET", SnapshotPath) { AcceptGzip = true })).Gives();

    private static async Task<LogOp[]> LogAsync(Session s, long upTo)
    {
        Session.Require((await s.Main.PullAsync(0, limit: 1)).CompactedUpTo is null, "the beginning of the log is compacted");
        return [.. (await s.Main.PullAllAsync(0)).Where(o => o.Id <= upTo)];
    }

    private static ImmutableArray<ReplicaRow> Rows(JsonElement snapshot) =>
        [
            .. snapshot
                .Items("rows")
                .Select(row =>
                {
                    var dead = row.Text("kind") == "D";
                    Expect.That(!dead || row.Member("value").ValueKind == JsonValueKind.Null, "a tombstone has a value");
                    return new ReplicaRow(
                        row.Text("entity"),
                        row.Text("entity_id"),
                        row.Text("kind"),
                        row.Text("register"),
                        dead ? "" : CanonicalText.Of(row.Member("value")),
                        new MergeKey(row.Number("lamport_ts"), row.Text("device_id"), row.Text("operation_id"))
                    );
                }),
        ];

    private static void Same(ImmutableArray<ReplicaRow> expected, ImmutableArray<ReplicaRow> found)
    {
        for (var i = 0; i < Math.Min(expected.Length, found.Length); i++)
        {
            Expect.Equal(expected[i], found[i], $"row {i}");
        }

        Expect.Equal(expected.Length, found.Length, "the number of rows");
    }
}
