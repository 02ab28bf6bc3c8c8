using System.Text.Json.Nodes;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class PullTests
{
    [Fact]
    public async Task Pull_gives_back_what_was_pushed_the_callers_own_included()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync());
        var text = "\u0001\t\"\\/é😀\u007f";
        var op = Op.Set(1, text, "{\"b\":[1.50,-0,1E5,\"\\u00e9\"],\"a\":null}")
            .With("entity", text)
            .With("field", text)
            .With("op", "insert");
        (await device.PushAsync(1, op)).ShouldBe(200);
        (
            await other.PushAsync(
                4,
                Op.Set(4).With("op", "delete").With("lane", "priority").With("schema", 3),
                Op.Set(5).With("op", "noop")
            )
        ).ShouldBe(200);

        var page = await device.GetAsync("/api/v1/sync/ops?since=0");
        page.ShouldBe(200);
        var ops = page.Body["ops"]!.AsArray();
        ops.Count.ShouldBe(3);
        var first = ops[0]!.AsObject();
        first.Id().ShouldBe(op.Id());
        first["id"]!.GetValue<long>().ShouldBe(1);
        first["device_id"]!.GetValue<string>().ShouldBe(device.Id);
        first["lamport_ts"]!.GetValue<long>().ShouldBe(1);
        first["entity"]!.GetValue<string>().ShouldBe(text);
        first["entity_id"]!.GetValue<string>().ShouldBe(text);
        first["field"]!.GetValue<string>().ShouldBe(text);
        first["op"]!.GetValue<string>().ShouldBe("insert");
        first["payload"]!.ToJsonString().ShouldBe("{\"a\":null,\"b\":[1.50,-0,1E5,\"\\u00E9\"]}");
        first["lane"]!.GetValue<string>().ShouldBe("bulk");
        first["created_at"]!.GetValue<string>().ShouldBe("2026-05-09T12:00:00.000Z");
        ops[1]!["op"]!.GetValue<string>().ShouldBe("delete");
        ops[1]!["lane"]!.GetValue<string>().ShouldBe("priority");
        ops[1]!["schema"]!.GetValue<int>().ShouldBe(3);
        ops[2]!["op"]!.GetValue<string>().ShouldBe("noop");
        page.Number("last_id").ShouldBe(3);
        page.Body["has_more"]!.GetValue<bool>().ShouldBeFalse();
        page.Text("head").ShouldBe(Chain.Of(ops.Select(o => o!.AsObject())));
    }

    [Fact]
    public async Task Pages_ascend_and_each_carries_the_head_at_its_last_id()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await device.PushAsync(7, [.. Enumerable.Range(1, 7).Select(i => Op.Set(i, $"p{i}"))])).ShouldBe(200);
        var (since, head, all) = (0L, Chain.Genesis, new List<JsonObject>());
        foreach (var (count, more) in new[] { (3, true), (3, true), (1, false), (0, false) })
        {
            var page = (await device.GetAsync($"/api/v1/sync/ops?since={since}&head={head}&limit=3")).ShouldBe(200);
            var ops = page.Body["ops"]!.AsArray();
            ops.Count.ShouldBe(count);
            page.Body["has_more"]!.GetValue<bool>().ShouldBe(more);
            all.AddRange(ops.Select(o => o!.AsObject()));
            (since, head) = (page.Number("last_id"), page.Text("head")!);
            head.ShouldBe(Chain.Of(all));
        }

        since.ShouldBe(7);
    }

    [Fact]
    public async Task An_empty_account_has_the_empty_history()
    {
        await using var world = await HubWorld.StartAsync();
        var page = (await (await world.JoinAsync()).GetAsync("/api/v1/sync/ops")).ShouldBe(200);
        page.Body["ops"]!.AsArray().ShouldBeEmpty();
        page.Number("last_id").ShouldBe(0);
        page.Text("head").ShouldBe(Chain.Genesis);
    }

    [Theory]
    [InlineData("since=-1")]
    [InlineData("since=x")]
    [InlineData("limit=0")]
    [InlineData("limit=1001")]
    [InlineData("limit=1e3")]
    [InlineData("head=00")]
    [InlineData("known_id=-1")]
    public async Task A_query_out_of_bounds_is_400(string query)
    {
        await using var world = await HubWorld.StartAsync();
        (await (await world.JoinAsync()).GetAsync($"/api/v1/sync/ops?{query}")).ShouldBe(400, "invalid_request");
    }

    [Fact]
    public async Task A_page_is_bounded_by_bytes_and_holds_one_operation_at_least()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { PageBytes = 1_000 });
        var device = await world.JoinAsync();
        var large = $"\"{new string('x', 2_000)}\"";
        (await device.PushAsync(3, Op.Set(1, "a", large), Op.Set(2, "b", large), Op.Set(3, "c"))).ShouldBe(200);
        var first = await device.GetAsync("/api/v1/sync/ops?since=0");
        first.Body["ops"]!.AsArray().Count.ShouldBe(1);
        first.Body["has_more"]!.GetValue<bool>().ShouldBeTrue();
        (await device.PullAllAsync()).Count.ShouldBe(3);
    }

    [Fact]
    public async Task One_operation_is_found_by_its_id()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var op = Op.Set(4);
        (await device.PushAsync(4, op)).ShouldBe(200);
        var found = (await device.GetAsync($"/api/v1/sync/ops/{op.Id()}")).ShouldBe(200);
        found.Number("id").ShouldBe(1);
        found.Number("lamport_ts").ShouldBe(4);
        found.Text("device_id").ShouldBe(device.Id);
        (await device.GetAsync($"/api/v1/sync/ops/{Op.NewId()}")).ShouldBe(404, "unknown_operation");
        (await device.GetAsync("/api/v1/sync/ops/x")).ShouldBe(400, "invalid_request");
    }

    [Fact]
    [Trait("criterion", "P13")]
    public async Task A_follower_polling_while_16_writers_commit_misses_nothing()
    {
        const int writers = 16;
        const int pushes = 25;
        await using var world = await HubWorld.StartAsync();
        var devices = new List<HubDevice>();
        for (var i = 0; i < writers; i++)
        {
            devices.Add(await world.JoinAsync());
        }

        var follower = await world.JoinAsync();
        var writing = Task.WhenAll(
            devices.Select(async device =>
            {
                var written = new List<string>();
                for (var i = 1; i <= pushes; i++)
                {
                    JsonObject[] ops = [Op.Set(2 * i, $"{device.Id}/a"), Op.Set((2 * i) + 1, "shared")];
                    (await device.PushAsync((2 * i) + 1, ops)).ShouldBe(200).Accepted.Count.ShouldBe(2);
                    written.AddRange(ops.Select(o => o.Id()));
                }

                return written;
            })
        );

        var (seen, since, head, ids) = (new List<string>(), 0L, Chain.Genesis, new List<long>());
        while (true)
        {
            var finished = writing.IsCompleted;
            var page = (await follower.GetAsync($"/api/v1/sync/ops?since={since}&head={head}&limit=37")).ShouldBe(200);
            foreach (var op in page.Body["ops"]!.AsArray())
            {
                seen.Add(op!.Id());
                ids.Add(op!["id"]!.GetValue<long>());
                head = Chain.Next(head, ids[^1], op.Id(), op["lamport_ts"]!.GetValue<long>());
            }

            page.Text("head").ShouldBe(head);
            since = page.Number("last_id");
            if (finished && !page.Body["has_more"]!.GetValue<bool>())
            {
                break;
            }
        }

        ids.ShouldBe(Enumerable.Range(1, writers * pushes * 2).Select(i => (long)i));
        seen.Order(StringComparer.Ordinal).ShouldBe((await writing).SelectMany(w => w).Order(StringComparer.Ordinal));
    }
}
