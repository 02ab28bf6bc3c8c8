using System.Collections.Immutable;
using ActorSync.Host.Conformance.Oracle;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>What a pull gives back.</summary>
internal static class PullChecks
{
    private const string Rule = "Pull: GET /api/v1/sync/ops";

    public static readonly ImmutableArray<Check> All =
    [
        new("pull.what_was_pushed", Rule, "A pull gives what was pushed, the caller's own included", WhatWasPushedAsync),
        new("pull.payloads", "Canonical JSON", "Payloads come back as the values they were, numbers as they were written", PayloadsAsync),
        new("pull.names", "An operation: field", "Names come back letter by letter; no field and the field \"\" stay two", NamesAsync),
        new("pull.pages", Rule, "Pages ascend without gap or overlap, and say whether there is more", PagesAsync),
        new("pull.end", Rule, "Behind the last id a page is empty and repeats the pair", EndAsync),
        new("pull.read_only", Rule, "Pulling changes nothing", ReadOnlyAsync),
        new("pull.other_devices", Rule, "Each device of the account is given the same log", OtherDevicesAsync),
        new(
            "pull.one_operation",
            "Pull: GET /api/v1/sync/ops/{operation_id}",
            "One operation is found by its id, or 404 unknown_operation",
            OneAsync
        ),
        new("pull.ack", "Pull: POST /api/v1/sync/ack", "An acknowledgement is 204, also a lower one; beyond the log it is 400", AckAsync),
    ];

    private static async Task WhatWasPushedAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        Operation[] ops =
        [
            s.Main.Set(),
            s.Main.Set(payload: "[1]") with
            {
                Kind = "insert",
                Lane = "priority",
                Schema = 3,
            },
            s.Main.Set(payload: "7") with
            {
                Field = "title",
            },
            s.Main.Set(payload: "null") with
            {
                Kind = "delete",
            },
            s.Main.Noop(),
        ];
        var pushed = (await s.Main.PushAsync(ops)).AllAccepted(ops.Length);
        var page = await s.Main.PullAsync(before.Id);
        Expect.Equal(pushed.End, page.End, "last_id and head of the page");
        Expect.Equal(ops.Length, page.Ops.Length, "the number of operations");
        foreach (var (op, found) in ops.Zip(page.Ops))
        {
            Expect.Equal(
                (op.Id, op.Stamp, s.Main.Id, op.Entity, op.EntityId, op.Field, op.Kind),
                (found.OperationId, found.Stamp, found.Device, found.Entity, found.EntityId, found.Field, found.Kind),
                "the operation"
            );
            Expect.Equal((pushed.Of(op.Id).Id, op.Lane, op.Schema), (found.Id, found.Lane, found.Schema), "id, lane and schema");
            Expect.Equal(CanonicalText.Of(op.Payload), CanonicalText.Of(found.Payload), "payload");
            Expect.Instant(found.CreatedAt, "created_at");
        }
    }

    private static async Task PayloadsAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var ops = new[]
        {
            "1.0",
            "1e0",
            "-0.0e+1",
            "123456789012345678901234567890.5",
            "\"\"",
            "\"\\u0000\\u001f\\\"\\\\\\/\\b\\f\\n\\r\\t\\u007f\"",
            "\"Blå ﬁ 😀 \\u2028\"",
            "{\"\\ufb01\":1,\"\\ud83d\\ude00\":2,\"A\":3,\"\\t\":4,\"\":5}",
            "[[],{},[{}],null,true,false]",
            new string('[', 28) + new string(']', 28),
        }
            .Select(p => s.Main.Set(payload: p))
            .ToArray();
        (await s.Main.PushAsync(ops)).AllAccepted(ops.Length);
        var found = (await s.Main.PullAllAsync(before.Id)).ToDictionary(o => o.OperationId, StringComparer.Ordinal);
        foreach (var op in ops)
        {
            Expect.That(found.ContainsKey(op.Id), $"{op.Payload} is missing");
            Expect.Equal(CanonicalText.Of(op.Payload), CanonicalText.Of(found[op.Id].Payload), "payload");
        }
    }

    private static async Task NamesAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        Operation[] ops =
        [
            s.Main.Set() with
            {
                Field = null,
            },
            s.Main.Set() with
            {
                Field = "",
            },
            s.Main.Set() with
            {
                Field = "a\"b\\c\n 😀",
                EntityId = $" {s.Way.Random(4)}\u0001/?&ﬁ ",
            },
            s.Main.Set() with
            {
                Entity = s.Main.NewEntity() + "/Blå 😀",
            },
        ];
        (await s.Main.PushAsync(ops)).AllAccepted(ops.Length);
        foreach (var (op, found) in ops.Zip(await s.Main.PullAllAsync(before.Id)))
        {
            Expect.Equal((op.Entity, op.EntityId, op.Field), (found.Entity, found.EntityId, found.Field), "entity, entity_id and field");
        }
    }

    private static async Task PagesAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var ops = s.Main.Sets(5);
        var pushed = (await s.Main.PushAsync(ops)).AllAccepted(5);
        var (at, found) = (before, new List<string>());
        foreach (var expected in new[] { 2, 2, 1 })
        {
            var page = await s.Main.PullAsync(at.Id, limit: 2);
            Expect.Equal(expected, page.Ops.Length, $"the number of operations behind {at.Id}");
            Expect.Equal(page.Ops[^1].Id, page.End.Id, "last_id and the last operation's id");
            Expect.Equal(page.End.Id < pushed.End.Id, page.HasMore, $"has_more of the page up to {page.End.Id}");
            Expect.That(page.Ops.Zip(page.Ops.Skip(1)).All(p => p.First.Id < p.Second.Id), "the page does not ascend");
            Expect.Equal(HistoryChain.Follow(at, page.Ops), page.End, "last_id and head of the page");
            found.AddRange(page.Ops.Select(o => o.OperationId));
            at = page.End;
        }

        Expect.That(found.SequenceEqual(ops.Select(o => o.Id), StringComparer.Ordinal), "the pages together are not what was pushed");
    }

    private static async Task EndAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        var page = await s.Main.PullAsync(end.Id);
        Expect.That(page.Ops.IsEmpty && !page.HasMore, "the page behind the end is not empty, or says that there is more");
        Expect.Equal(end, page.End, "last_id and head");
    }

    private static async Task ReadOnlyAsync(Session s)
    {
        var before = await s.Main.EndAsync();
        var pushed = await s.Main.PushAsync(s.Main.Sets(3));
        var (first, second) = (await s.Main.PullAsync(before.Id), await s.Main.PullAsync(before.Id));
        Expect.Equal(3, first.Ops.Length, "the number of operations");
        Expect.That(
            first.Ops.Select(o => (o.Id, o.OperationId, o.Stamp)).SequenceEqual(second.Ops.Select(o => (o.Id, o.OperationId, o.Stamp))),
            "the second pull gave something else"
        );
        Expect.Equal((pushed.End, pushed.End), (first.End, second.End), "last_id and head");
    }

    private static async Task OtherDevicesAsync(Session s)
    {
        var second = await s.SecondAsync();
        var before = await s.Main.EndAsync();
        await second.PushAsync(second.Set());
        await s.Main.PushAsync(s.Main.Set());
        var (one, other) = (await s.Main.PullAsync(before.Id), await second.PullAsync(before.Id));
        Expect.Equal(one.End, other.End, "last_id and head for two devices");
        Expect.That(
            one.Ops.Select(o => o.OperationId).SequenceEqual(other.Ops.Select(o => o.OperationId), StringComparer.Ordinal),
            "two devices are given two logs"
        );
        Expect.That(
            one.Ops.Select(o => o.Device).SequenceEqual([second.Id, s.Main.Id], StringComparer.Ordinal),
            "the origins are not right"
        );
    }

    private static async Task OneAsync(Session s)
    {
        var op = s.Main.Set();
        var stored = (await s.Main.PushAsync(op)).Of(op.Id);
        Expect.Equal(new LogOp.Place(stored.Id, op.Stamp, s.Main.Id), await s.Main.FindAsync(op.Id), "where it stands");
        Expect.That(await s.Main.FindAsync(s.Main.NewId()) is null, "an operation that nobody pushed is found");
    }

    private static async Task AckAsync(Session s)
    {
        var end = await s.Main.EndAsync();
        (await AckAsync(end.Id)).Is(204);
        (await AckAsync(0)).Is(204);
        (await AckAsync(end.Id)).Is(204);
        (await AckAsync(end.Id + 1_000_000_000)).Refuses(400, "invalid_request");
        (await AckAsync(-1)).Refuses(400, "invalid_request");
        var nameless = $"{{\"last_seen_id\":{end.Id}}}";
        (await s.Main.Caller.PostAsync("/api/v1/sync/ack", nameless)).Refuses(400, "invalid_request");

        // It is no more than a mark: what was acknowledged can still be pulled.
        Expect.Equal(end, (await s.Main.PullAsync(end.Id - 1)).End, "the log's end");

        Task<Answer> AckAsync(long id) =>
            s.Main.Caller.PostAsync("/api/v1/sync/ack", $"{{\"device_id\":{JsonText.Quote(s.Main.Id)},\"last_seen_id\":{id}}}");
    }
}
