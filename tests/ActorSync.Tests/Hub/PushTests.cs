using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>Rules a to l of the protocol, over HTTP.</summary>
public sealed class PushTests
{
    [Fact]
    public async Task Push_names_each_operation_with_its_id_and_stamp()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        JsonObject[] ops = [Op.Set(5), Op.Set(3, "p2"), Op.Set(9, "p3")];
        var answer = await device.PushAsync(9, ops);
        answer.ShouldBe(200);
        answer.MediaType.ShouldBe("application/json");
        answer.Accepted.Select(a => a!.Id()).ShouldBe(ops.Select(o => o.Id()));
        answer.Accepted.Select(a => a!["id"]!.GetValue<long>()).ShouldBe([1, 2, 3]);
        answer.Accepted.Select(a => a!["lamport_ts"]!.GetValue<long>()).ShouldBe([5, 3, 9]);
        answer.Accepted.ShouldAllBe(a => !a!["duplicate"]!.GetValue<bool>());
        answer.Rejected.ShouldBeEmpty();
        answer.Number("last_id").ShouldBe(3);
        var head = Chain.Next(Chain.Next(Chain.Next(Chain.Genesis, 1, ops[0].Id(), 5), 2, ops[1].Id(), 3), 3, ops[2].Id(), 9);
        answer.Text("head").ShouldBe(head);
        var receipt = answer.Body["receipt"]!;
        receipt["device_id"]!.GetValue<string>().ShouldBe(device.Id);
        receipt["highest_lamport"]!.GetValue<long>().ShouldBe(9);
        receipt["count"]!.GetValue<long>().ShouldBe(3);
    }

    [Fact]
    [Trait("criterion", "D8")]
    public async Task Rule_a_the_same_content_under_the_same_id_is_a_duplicate_and_other_content_a_conflict()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var op = Op.Set(1, payload: "{\"b\":2,\"a\":[1,2]}");
        (await device.PushAsync(1, op)).ShouldBe(200);

        // Stamp and lane are no content, nor are the order of keys and the spelling of a text.
        var again = await device.PushAsync(
            7,
            op.With("lane", "priority").With("lamport_ts", 7).With("payload", JsonNode.Parse("{\"\\u0061\":[ 1, 2 ],\"b\":2}"))
        );
        again.ShouldBe(200);
        again.Accepted.Single()!["duplicate"]!.GetValue<bool>().ShouldBeTrue();
        again.Accepted.Single()!["lamport_ts"]!.GetValue<long>().ShouldBe(1);
        again.Number("last_id").ShouldBe(1);

        JsonObject[] others =
        [
            op.With("entity", "album"),
            op.With("entity_id", "p2"),
            op.With("field", ""),
            op.With("op", "insert"),
            op.With("payload", 1),
            op.With("schema", 2),
        ];
        foreach (var other in others)
        {
            var conflict = await device.PushAsync(7, other);
            conflict.ShouldBe(200);
            conflict.Accepted.ShouldBeEmpty();
            conflict.Rejected.Single()!["error"]!.GetValue<string>().ShouldBe("operation_conflict");
        }

        (await device.PullAllAsync()).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Rule_a_the_origin_is_content_and_an_id_is_unique_in_its_account_only()
    {
        await using var world = await HubWorld.StartAsync();
        var (first, second, stranger) = (await world.JoinAsync(), await world.JoinAsync(), await world.JoinAsync("bob"));
        var op = Op.Set(1);
        (await first.PushAsync(1, op)).ShouldBe(200);
        (await second.PushAsync(1, op)).Rejected.Single()!["error"]!.GetValue<string>().ShouldBe("operation_conflict");
        (await stranger.PushAsync(1, op)).Accepted.Single()!["duplicate"]!.GetValue<bool>().ShouldBeFalse();
    }

    [Fact]
    [Trait("criterion", "D7")]
    public async Task Rule_e_a_clock_behind_what_is_stored_is_a_regression_and_nothing_is_stored()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var known = Op.Set(10);
        (await device.PushAsync(10, known)).ShouldBe(200);
        var refused = await device.PushAsync(9, Op.Set(12), Op.Set(8), known);
        refused.ShouldBe(409, "lamport_regression");
        refused.Text("device_id").ShouldBe(device.Id);
        refused.Number("stored_max").ShouldBe(10);
        refused.Number("offending_lamport_ts").ShouldBe(8);
        (await device.PullAllAsync()).Count.ShouldBe(1);

        // No other order is checked: with its clock right, a device may bring stamps in any order.
        (await device.PushAsync(12, Op.Set(12), Op.Set(8))).ShouldBe(200);
    }

    [Fact]
    public async Task Rule_e_only_a_new_own_unpublished_operation_can_regress()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync());
        var known = Op.Set(10);
        (await device.PushAsync(10, known)).ShouldBe(200);
        (await device.PushAsync(3)).ShouldBe(200);
        (await device.PushAsync(3, known)).ShouldBe(200);
        (await device.PushAsync(3, Op.Set(2).Published(device.Id))).ShouldBe(200);
        (await device.PushAsync(3, Op.Set(2).Published(other.Id))).ShouldBe(200);
        (await device.PushAsync(3, Op.Set(2).With("op", "upsert"))).ShouldBe(200);
        (await device.PushAsync(3, Op.Set(20))).ShouldBe(409, "lamport_regression");
    }

    [Fact]
    public async Task Rule_e_a_caller_without_a_clock_gets_the_strict_rule()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await device.PushAsync(null, Op.Set(10))).ShouldBe(200);
        (await device.PushAsync(null, Op.Set(11), Op.Set(10)))
            .ShouldBe(409, "lamport_regression")
            .Number("offending_lamport_ts")
            .ShouldBe(10);
        (await device.PushAsync(null, Op.Set(12), Op.Set(11))).ShouldBe(200);
    }

    [Fact]
    public async Task Rule_f_a_published_operation_with_a_higher_stamp_is_raised_and_moves_to_the_logs_end()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var (op, between) = (Op.Set(1), Op.Set(2, "p2"));
        (await device.PushAsync(2, op, between)).ShouldBe(200);
        var before = await device.GetAsync("/api/v1/sync/ops?since=0&limit=1");

        var raised = await device.PushAsync(9, op.With("published", true).With("lamport_ts", 9));
        raised.ShouldBe(200);
        raised.Accepted.Single()!["id"]!.GetValue<long>().ShouldBe(3);
        raised.Accepted.Single()!["lamport_ts"]!.GetValue<long>().ShouldBe(9);
        raised.Body["receipt"]!["highest_lamport"]!.GetValue<long>().ShouldBe(9);
        raised.Body["receipt"]!["count"]!.GetValue<long>().ShouldBe(2);

        var log = await device.PullAllAsync();
        log.Select(o => (o["id"]!.GetValue<long>(), o["lamport_ts"]!.GetValue<long>())).ShouldBe([(2, 2), (3, 9)]);

        // Who was at id 1 is still known there, and gets what moved.
        var after = await device.GetAsync($"/api/v1/sync/ops?since=1&head={before.Text("head")}");
        after.ShouldBe(200);
        after.Body["ops"]!.AsArray().Select(o => o!.Id()).ShouldBe([between.Id(), op.Id()]);
        raised.Text("head").ShouldBe(Chain.Next(Chain.Of([Row(1, op, 1), Row(2, between, 2)]), 3, op.Id(), 9));

        // Lower or equal, or not published: the stored stamp stands.
        (await device.PushAsync(20, op.With("lamport_ts", 20))).Accepted.Single()!["lamport_ts"]!.GetValue<long>().ShouldBe(9);
        var lower = await device.PushAsync(20, op.With("published", true).With("lamport_ts", 8));
        lower.Accepted.Single()!["lamport_ts"]!.GetValue<long>().ShouldBe(9);
        lower.Number("last_id").ShouldBe(3);
    }

    [Fact]
    public async Task Rule_h_later_operations_of_a_rejected_ones_key_are_blocked_and_name_it()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync());
        var bad = Op.Set(1).With("op", "upsert");
        JsonObject[] ops =
        [
            Op.Set(1, "p2"),
            bad,
            Op.Set(2),
            Op.Set(3).With("entity", "album"),
            Op.Set(4).Published(other.Id),
            Op.Set(5),
            Op.Set(6, "p2"),
        ];
        var answer = await device.PushAsync(6, ops);
        answer.ShouldBe(200);
        answer.Accepted.Select(a => a!.Id()).ShouldBe([ops[0].Id(), ops[3].Id(), ops[4].Id(), ops[6].Id()]);
        answer
            .Rejected.Select(r => (r!.Id(), r!["error"]!.GetValue<string>(), r!["by"]?.GetValue<string>()))
            .ShouldBe([(bad.Id(), "invalid_request", null), (ops[2].Id(), "blocked", bad.Id()), (ops[5].Id(), "blocked", bad.Id())]);
        answer.Rejected.ShouldAllBe(r => !string.IsNullOrEmpty(r!["message"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Rule_h_what_the_hub_holds_already_is_named_accepted_even_behind_a_rejected_one()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var held = Op.Set(2);
        (await device.PushAsync(2, held)).ShouldBe(200);
        var answer = await device.PushAsync(3, Op.Set(1).With("payload", new string('x', (1 << 20) + 1)), held, Op.Set(3));
        answer.Accepted.Single()!.Id().ShouldBe(held.Id());
        answer.Rejected.Select(r => r!["error"]!.GetValue<string>()).ShouldBe(["too_large", "blocked"]);
    }

    [Fact]
    public async Task Rule_j_a_relayed_operation_keeps_its_origin_and_needs_a_device_of_the_account()
    {
        await using var world = await HubWorld.StartAsync();
        var (relayer, origin, stranger) = (await world.JoinAsync(), await world.JoinAsync(), await world.JoinAsync("bob"));
        (await relayer.PushAsync(50, Op.Set(50))).ShouldBe(200);
        var relayed = Op.Set(7, "p2").Published(origin.Id);
        var answer = await relayer.PushAsync(
            1,
            relayed,
            Op.Set(8, "p3").Published(stranger.Id),
            Op.Set(9, "p4").With("device_id", origin.Id),
            Op.Set(60, "p5").With("device_id", relayer.Id).With("published", true)
        );
        answer.ShouldBe(200);
        answer.Accepted.Count.ShouldBe(2);
        answer.Rejected.Select(r => r!["error"]!.GetValue<string>()).ShouldBe(["unknown_origin", "invalid_request"]);
        answer.Body["receipt"]!["count"]!.GetValue<long>().ShouldBe(2);

        // The origin's own push afterwards is measured by its own greatest stamp.
        (await origin.PushAsync(6, Op.Set(6)))
            .ShouldBe(409, "lamport_regression")
            .Number("stored_max")
            .ShouldBe(7);
        (await origin.PushAsync(7, relayed.Without("device_id").With("published", false))).Accepted.Single()!["duplicate"]!
            .GetValue<bool>()
            .ShouldBeTrue();
        (await origin.PullAllAsync()).Single(o => o.Id() == relayed.Id())["device_id"]!.GetValue<string>().ShouldBe(origin.Id);
    }

    [Fact]
    [Trait("criterion", "P12")]
    public async Task Rule_l_a_pair_that_the_hub_does_not_have_is_answered_410_and_nothing_is_stored()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var first = await device.PushAsync(1, Op.Set(1));
        await using var restored = await world.CrashedCopyAsync();
        var second = await device.PushAsync(2, Op.Set(2));

        var returning = new HubDevice(restored, device.Id, device.Token);
        (await returning.PushAsync(Knowing(returning, second, Op.Set(3))))
            .ShouldBe(410, "resync_required")
            .Text("reason")
            .ShouldBe("history_changed");
        (await returning.GetAsync($"/api/v1/sync/ops?since=2&head={second.Text("head")}")).ShouldBe(410, "resync_required");
        (await returning.GetAsync($"/api/v1/sync/ops?since=1&known_id=2&head={second.Text("head")}")).ShouldBe(410, "resync_required");
        (await returning.GetAsync("/api/v1/sync/ops?since=2")).ShouldBe(410, "resync_required");
        (await returning.PullAllAsync()).Count.ShouldBe(1);
        (await returning.PushAsync(Knowing(returning, first, Op.Set(3)))).ShouldBe(200);

        // The same number again, and another history behind it.
        (await returning.PushAsync(Knowing(returning, second, Op.Set(4)))).ShouldBe(410, "resync_required");
        (await returning.GetAsync($"/api/v1/sync/ops?since=2&head={second.Text("head")}")).ShouldBe(410, "resync_required");
        (await device.PushAsync(Knowing(device, second, Op.Set(3)))).ShouldBe(200);
        (await device.PushAsync(Knowing(device, first, Op.Set(4)))).ShouldBe(200);
    }

    [Fact]
    [Trait("criterion", "Q4")]
    public async Task A_stamp_too_far_ahead_is_rejected()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var lead = 1L << 32;
        var answer = await device.PushAsync(1, Op.Set(lead + 1), Op.Set(lead, "p2"), Op.Set(2 * lead, "p3"), Op.Set((3 * lead) + 1, "p4"));
        answer.Rejected.Select(r => r!["error"]!.GetValue<string>()).ShouldBe(["lamport_out_of_range", "lamport_out_of_range"]);
        answer.Accepted.Select(a => a!["lamport_ts"]!.GetValue<long>()).ShouldBe([lead, 2 * lead]);
        var raise = answer.Accepted[0]!.Id();
        (await device.PushAsync(1, Op.Set(4 * lead, "p2", id: raise).With("published", true))).Rejected.Single()!["error"]!
            .GetValue<string>()
            .ShouldBe("lamport_out_of_range");
    }

    private static JsonObject Knowing(HubDevice device, Answer last, JsonObject op)
    {
        var body = device.Envelope(op["lamport_ts"]!.GetValue<long>(), op);
        body["known"] = new JsonObject { ["last_id"] = last.Number("last_id"), ["head"] = last.Text("head") };
        return body;
    }

    private static JsonObject Row(long id, JsonObject op, long lamport) => op.With("id", id).With("lamport_ts", lamport);
}
