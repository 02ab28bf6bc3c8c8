using System.Collections.Immutable;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>The fault of one operation is that operation's alone, and of those that wait behind it.</summary>
internal static class RejectionChecks
{
    public static readonly ImmutableArray<Check> All =
    [
        new(
            "rejected.invalid_request",
            "An operation; Push: rejected",
            "An unreadable operation is rejected, and its neighbours are stored",
            InvalidAsync
        ),
        new("rejected.unreadable_id", "Push: index", "An operation without a readable id is found by its index", UnreadableIdAsync),
        new(
            "rejected.invalid_payload",
            "Canonical JSON: refused",
            "A payload without a canonical form is invalid_payload",
            InvalidPayloadAsync
        ),
        new(
            "rejected.lamport_out_of_range",
            "Push: lamport_out_of_range",
            "A stamp far above the account's, or above 2^53 - 1, is rejected",
            OutOfRangeAsync
        ),
        new("rejected.blocked", "Push: blocked", "Later operations of the key are blocked by the first that was rejected", BlockedAsync),
        new(
            "rejected.known_is_never_blocked",
            "Push: one that the hub holds already is never blocked",
            "A duplicate behind a rejection is still a duplicate",
            KnownIsNotBlockedAsync
        ),
    ];

    private static async Task InvalidAsync(Session s)
    {
        var faulty = new (string Member, string? Value)[]
        {
            ("lamport_ts", null),
            ("lamport_ts", "0"),
            ("lamport_ts", "-1"),
            ("lamport_ts", "1.5"),
            ("lamport_ts", "\"7\""),
            ("entity", null),
            ("entity", "\"\""),
            ("entity", "\" \""),
            ("entity", "7"),
            ("entity_id", null),
            ("entity_id", "\"\\t\""),
            ("op", null),
            ("op", "\"update\""),
            ("lane", "\"slow\""),
            ("schema", "0"),
            ("published", "\"yes\""),
            ("field", "7"),
            ("device_id", "\" \""),
        };
        var (ops, good) = (s.Main.Sets(faulty.Length), s.Main.Sets(2));
        var sent = ops.Select((op, i) => op.JsonWith(faulty[i].Member, faulty[i].Value));
        var pushed = await s.Main.PushJsonAsync([good[0].Json, .. sent, good[1].Json]);
        for (var i = 0; i < ops.Length; i++)
        {
            var found = pushed.Rejected.FirstOrDefault(r => r.OperationId == ops[i].Id);
            Expect.That(found is not null, $"{faulty[i].Member} {faulty[i].Value ?? "left out"} was not rejected");
            Expect.Equal(
                ("invalid_request", i + 1),
                (found!.Error, found.Index),
                $"{faulty[i].Member} {faulty[i].Value ?? "left out"}: error and index"
            );
        }

        Expect.Equal(2, pushed.Accepted.Length, "the number of accepted neighbours");
        _ = (pushed.Of(good[0].Id), pushed.Of(good[1].Id));
        Expect.That(await s.Main.FindAsync(ops[0].Id) is null, "a rejected operation was stored");
    }

    private static async Task UnreadableIdAsync(Session s)
    {
        var ids = new[] { null, "7", "\"\"", "\"x\"", "\"00000000-0000-0000-0000-000000000000\"", "\"018f3c5a7b0070008000000000000001\"" };
        var good = s.Main.Set();
        var sent = ids.Select(id => s.Main.Set().JsonWith("operation_id", id)).Append("7").Append("null");
        var pushed = await s.Main.PushJsonAsync(sent.Append(good.Json));
        pushed.Of(good.Id);
        Expect.That(
            pushed.Rejected.Select(r => r.Index).SequenceEqual(Enumerable.Range(0, ids.Length + 2)),
            $"expected the rejections of 0 to {ids.Length + 1}, found those of {string.Join(", ", pushed.Rejected.Select(r => r.Index))}"
        );
        Expect.That(pushed.Rejected.All(r => r.Error == "invalid_request"), "an operation without an id should be invalid_request");
    }

    private static async Task InvalidPayloadAsync(Session s)
    {
        var payloads = new[]
        {
            "{\"a\":1,\"a\":2}",
            "{\"a\":1,\"\\u0061\":2}",
            "[{\"a\":{\"b\":1,\"b\":1}}]",
            "\"\\ud83d\"",
            "{\"\\udc00\":1}",
            Nested(29),
            Nested(5_000),
        };
        var ops = payloads.Select(p => s.Main.Set(payload: p)).ToArray();
        var good = s.Main.Set(payload: Nested(28));
        var pushed = await s.Main.PushAsync([.. ops, good]);
        foreach (var op in ops)
        {
            pushed.Refusal(op.Id, "invalid_payload");
        }

        Expect.That(pushed.Accepted.Any(a => a.OperationId == good.Id), "a payload of 28 levels should be accepted");
    }

    private static async Task OutOfRangeAsync(Session s)
    {
        const long most = (1L << 53) - 1;
        var clock = (await s.Main.Caller.GetAsync("/api/v1/sync/snapshot")) is { Status: 200 } snapshot
            ? snapshot.Json.Number("clock")
            : s.Main.Clock;
        var above = s.Main.Set() with { Stamp = most + 1 };
        var ahead = s.Main.Set() with { Stamp = Math.Max(clock, s.Main.Clock) + (1L << 32) + 1 };
        var good = s.Main.Set();
        var pushed = await s.Main.PushAsync(above, ahead, good);
        pushed.Refusal(above.Id, "lamport_out_of_range");
        if (clock < most - (1L << 33))
        {
            pushed.Refusal(ahead.Id, "lamport_out_of_range");
        }

        pushed.Of(good.Id);
        Expect.That(pushed.Receipt.HighestStamp < ahead.Stamp, "the receipt counts a rejected stamp");
    }

    private static async Task BlockedAsync(Session s)
    {
        var (key, entity) = (s.Way.Random(8), s.Main.NewEntity());
        var before = s.Main.Set(key, entity: entity);
        var wrong = s.Main.Set(key, "\"\\ud83d\"", entity);
        var behind = new[] { s.Main.Set(key, entity: entity), s.Main.Set(key, entity: entity) with { Kind = "delete", Payload = "null" } };
        var (otherKey, otherEntity) = (s.Main.Set(key + "x", entity: entity), s.Main.Set(key));
        var pushed = await s.Main.PushAsync([before, wrong, behind[0], otherKey, behind[1], otherEntity]);
        pushed.Refusal(wrong.Id, "invalid_payload");
        pushed.Refusal(behind[0].Id, "blocked", wrong.Id);
        pushed.Refusal(behind[1].Id, "blocked", wrong.Id);
        _ = (pushed.Of(before.Id), pushed.Of(otherKey.Id), pushed.Of(otherEntity.Id));
        Expect.That(await s.Main.FindAsync(behind[0].Id) is null, "a blocked operation was stored");

        // Not remembered: the next batch is judged for itself.
        (await s.Main.PushAsync(behind)).AllAccepted(2);
    }

    private static async Task KnownIsNotBlockedAsync(Session s)
    {
        var known = s.Main.Set();
        var stored = (await s.Main.PushAsync(known)).Of(known.Id);
        var wrong = s.Main.Set(known.EntityId, "\"\\ud83d\"");
        var pushed = await s.Main.PushAsync(wrong, known);
        pushed.Refusal(wrong.Id, "invalid_payload");
        Expect.Equal(stored with { Duplicate = true }, pushed.Of(known.Id), "the duplicate behind a rejection");
    }

    private static string Nested(int levels) => new string('[', levels) + new string(']', levels);
}
