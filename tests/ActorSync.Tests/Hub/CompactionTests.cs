using System.Text.Json.Nodes;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class CompactionTests
{
    private static readonly TimeSpan Old = TimeSpan.FromHours(3);

    [Fact]
    public async Task Below_the_watermark_a_pull_is_410_and_from_it_on_nothing_is_missing()
    {
        await using var world = await StartAsync(keep: 4);
        var device = await world.JoinAsync();
        var log = await FillAsync(world, device, 10);
        (await world.Hub.CompactAsync()).ShouldBe(6);

        foreach (var since in new[] { 1, 5 })
        {
            var refused = (await device.GetAsync($"/api/v1/sync/ops?since={since}")).ShouldBe(410, "resync_required");
            refused.Text("reason").ShouldBe("compacted");
            refused.Number("compacted_up_to").ShouldBe(6);
        }

        var page = (await device.GetAsync("/api/v1/sync/ops?since=6")).ShouldBe(200);
        Texts(page.Body["ops"]!.AsArray()).ShouldBe(Texts(log.Skip(6)));
        page.Body["compacted_up_to"].ShouldBeNull();

        // Who begins at 0 sees at once that the log does not begin there.
        var first = (await device.GetAsync("/api/v1/sync/ops?since=0&limit=2")).ShouldBe(200);
        Texts(first.Body["ops"]!.AsArray()).ShouldBe(Texts(log.Skip(6).Take(2)));
        first.Number("compacted_up_to").ShouldBe(6);
        first.Text("head").ShouldBe(Chain.Of(log.Take(8)));

        // Nothing new, so nothing to do.
        (await world.Hub.CompactAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task A_log_compacted_to_its_end_is_pulled_from_there()
    {
        await using var world = await StartAsync();
        var device = await world.JoinAsync();
        var log = await FillAsync(world, device, 3);
        (await world.Hub.CompactAsync()).ShouldBe(3);
        foreach (var since in new[] { 0, 3 })
        {
            var page = (await device.GetAsync($"/api/v1/sync/ops?since={since}")).ShouldBe(200);
            page.Body["ops"]!.AsArray().ShouldBeEmpty();
            page.Number("last_id").ShouldBe(3);
            page.Text("head").ShouldBe(Chain.Of(log));
        }

        await world.RestartAsync();
        (await device.GetAsync("/api/v1/sync/ops?since=2")).ShouldBe(410, "resync_required");
        (await device.PushAsync(4, Op.Set(4))).ShouldBe(200).Number("last_id").ShouldBe(4);
    }

    [Fact]
    public async Task A_pair_known_from_before_the_watermark_is_still_found()
    {
        await using var world = await StartAsync();
        var device = await world.JoinAsync();
        var log = await FillAsync(world, device, 5);
        await world.Hub.CompactAsync();
        var body = device.Envelope(6, Op.Set(6));
        body["known"] = new JsonObject { ["last_id"] = 2, ["head"] = Chain.Of(log.Take(2)) };
        (await device.PushAsync(body)).ShouldBe(200);
        body["known"]!["head"] = Chain.Of(log.Take(3));
        (await device.PushAsync(body)).ShouldBe(410, "resync_required").Text("reason").ShouldBe("history_changed");
        (await device.GetAsync($"/api/v1/sync/ops?since=2&head={Chain.Of(log.Take(2))}"))
            .ShouldBe(410, "resync_required")
            .Text("reason")
            .ShouldBe("compacted");
        (await device.GetAsync($"/api/v1/sync/ops?since=2&head={Chain.Of(log.Take(3))}"))
            .ShouldBe(410, "resync_required")
            .Text("reason")
            .ShouldBe("history_changed");
    }

    [Fact]
    public async Task A_compacted_operation_whose_stamp_is_raised_is_whole_again()
    {
        await using var world = await StartAsync();
        var device = await world.JoinAsync();
        var op = Op.Set(1, "é", "{\"a\":[1.50]}").With("field", "f").With("schema", 3);
        (await device.PushAsync(1, op)).ShouldBe(200);
        await AgeAsync(world, device);
        (await world.Hub.CompactAsync()).ShouldBe(1);
        (await device.PushAsync(9, op.Published(device.Id).With("lamport_ts", 9).With("payload", 1))).Rejected.Single()!["error"]!
            .GetValue<string>()
            .ShouldBe("operation_conflict");
        (await device.PushAsync(9, op.Published(device.Id).With("lamport_ts", 9))).Accepted.Single()!["duplicate"]!
            .GetValue<bool>()
            .ShouldBeTrue();

        var row = (await device.GetAsync("/api/v1/sync/ops?since=1")).ShouldBe(200).Body["ops"]!.AsArray().Single()!;
        row["payload"]!.ToJsonString().ShouldBe("{\"a\":[1.50]}");
        (row["entity_id"]!.GetValue<string>(), row["field"]!.GetValue<string>(), row["schema"]!.GetValue<int>()).ShouldBe(("é", "f", 3));

        // It is as young as its move.
        (await world.Hub.CompactAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task What_is_young_stays()
    {
        await using var world = await StartAsync();
        var device = await world.JoinAsync();
        await FillAsync(world, device, 3);
        (await device.PushAsync(8, Op.Set(7), Op.Set(8))).ShouldBe(200);
        (await world.Hub.CompactAsync()).ShouldBe(3);
        (await device.GetAsync("/api/v1/sync/ops?since=3")).ShouldBe(200).Body["ops"]!.AsArray().Count.ShouldBe(2);
        world.Clock.Advance(Old);
        (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
        (await world.Hub.CompactAsync()).ShouldBe(2);
    }

    [Fact]
    public async Task What_a_device_has_not_acknowledged_stays_until_it_is_revoked_or_long_silent()
    {
        await using var world = await StartAsync();
        var (writer, slow, lost) = (await world.JoinAsync(), await world.JoinAsync(), await world.JoinAsync());
        await FillAsync(world, writer, 10);
        (await AckAsync(lost, 2)).ShouldBe(204);
        (await AckAsync(slow, 4)).ShouldBe(204);
        (await world.Hub.CompactAsync()).ShouldBe(2);
        (await world.Hub.RevokeDeviceAsync("ada", lost.Id)).ShouldBeTrue();
        (await world.Hub.CompactAsync()).ShouldBe(2);
        world.Clock.Advance(TimeSpan.FromDays(89));
        (await world.Hub.CompactAsync()).ShouldBe(0);
        world.Clock.Advance(TimeSpan.FromDays(2));
        (await world.Hub.CompactAsync()).ShouldBe(6);
    }

    [Fact]
    public async Task An_acknowledgement_never_goes_back_and_never_ahead_of_the_log()
    {
        await using var world = await StartAsync();
        var (device, bob) = (await world.JoinAsync(), await world.JoinAsync("bob"));
        await FillAsync(world, device, 5);
        (await AckAsync(device, 4)).ShouldBe(204);
        (await AckAsync(device, 1)).ShouldBe(204);
        (await AckAsync(device, 6)).ShouldBe(400, "invalid_request");
        (await AckAsync(device, -1)).ShouldBe(400, "invalid_request");
        (await AckAsync(bob, 1)).ShouldBe(400, "invalid_request");
        (await AckAsync(bob, 0, device.Id)).ShouldBe(403, "device_mismatch");
        (await device.SendAsync(HttpMethod.Post, "/api/v1/sync/ack", new StringContent("{}"))).ShouldBe(400, "invalid_request");
        (await world.Hub.CompactAsync()).ShouldBe(4);
    }

    [Fact]
    public async Task Compaction_comes_by_itself_in_its_turn()
    {
        await using var world = await StartAsync(every: TimeSpan.FromHours(4));
        var device = await world.JoinAsync();
        await FillAsync(world, device, 3);
        world.Clock.Advance(TimeSpan.FromHours(1));
        var answer = await device.GetAsync("/api/v1/sync/ops?since=1");
        for (var tries = 0; answer.Status == 200 && tries < 10_000; tries++)
        {
            answer = await device.GetAsync("/api/v1/sync/ops?since=1");
        }

        answer.ShouldBe(410, "resync_required");
    }

    [Fact]
    public async Task A_retention_shorter_than_a_snapshot_takes_is_refused()
    {
        var options = new HubOptions
        {
            DataDirectory = Path.Combine(Path.GetTempPath(), "actorsync-never-made"),
            Retention = new HubRetention { Age = TimeSpan.FromMinutes(119) },
        };
        (await Should.ThrowAsync<HubException>(HubServer.StartAsync(options))).Code.ShouldBe("hub_setting");
        Directory.Exists(options.DataDirectory).ShouldBeFalse();
    }

    /// <summary>The same program on a hub that compacts between pushes and on one that never does: every answer but a pull's floor is the same.</summary>
    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    [Trait("criterion", "P4")]
    public async Task A_compacted_hub_answers_pushes_receipts_lookups_and_digests_as_one_that_never_was(int seed)
    {
        var random = new Random(seed);
        await using var small = await StartAsync(keep: 7);
        await using var whole = await HubWorld.StartAsync();
        var known = new List<JsonObject>();
        for (var round = 1; round <= 60; round++)
        {
            var ops = new List<JsonObject>();
            for (var i = random.Next(1, 12); i > 0; i--)
            {
                ops.Add(
                    known.Count == 0 || random.Next(2) == 0
                        ? DigestTests.Any(random).With("lamport_ts", (round * 20) + i)
                        : Again(random, known[random.Next(known.Count)], round)
                );
            }

            known.AddRange(ops);
            var device = $"d{random.Next(2)}";
            var lookup = random.Next(known.Count);
            var answers = new List<string>();
            foreach (var world in new[] { small, whole })
            {
                var caller = await world.JoinAsync(deviceId: device);
                answers.Add((await caller.PushAsync((round * 20) + 40, [.. ops])).ShouldBe(200).Body.ToJsonString());
                answers.Add((await caller.GetAsync($"/api/v1/sync/ops/{known[lookup].Id()}")).Body.ToJsonString());
                answers.Add((await caller.GetAsync("/api/v1/sync/digest")).ShouldBe(200).Body.ToJsonString());
                answers.Add((await caller.GetAsync("/api/v1/sync/snapshot")).ShouldBe(200).Body.ToJsonString());
                world.Clock.Advance(TimeSpan.FromHours(1));
            }

            answers[..4].ShouldBe(answers[4..]);
            await small.Hub.CompactAsync();
        }

        var end = (await (await small.JoinAsync(deviceId: "d0")).GetAsync("/api/v1/sync/ops")).ShouldBe(200);
        end.Number("compacted_up_to").ShouldBeGreaterThan(100);
        var log = await (await whole.JoinAsync(deviceId: "d0")).PullAllAsync();
        Texts(end.Body["ops"]!.AsArray())
            .ShouldBe(Texts(log.Where(o => o["id"]!.GetValue<long>() > end.Number("compacted_up_to")).Take(500)));
    }

    private static JsonObject Again(Random random, JsonObject op, int round) =>
        random.Next(4) switch
        {
            0 => op.With("payload", random.Next()),
            1 => op.With("published", true).With("lamport_ts", (round * 20) + random.Next(20)),
            2 => op.With("lane", "priority"),
            _ => op,
        };

    // So seldom that only the test compacts, unless it wants to see the turn.
    private static Task<HubWorld> StartAsync(long keep = 0, TimeSpan? every = null) =>
        HubWorld.StartAsync(options =>
            options with
            {
                Retention = new HubRetention
                {
                    Operations = keep,
                    Age = HubRetention.LeastAge,
                    Every = every ?? TimeSpan.FromDays(10_000),
                },
            }
        );

    private static async Task<List<JsonObject>> FillAsync(HubWorld world, HubDevice device, int count)
    {
        (await device.PushAsync(count, [.. Enumerable.Range(1, count).Select(i => Op.Set(i, $"p{i}"))])).ShouldBe(200);
        var log = await device.PullAllAsync();
        await AgeAsync(world, device);
        return log;
    }

    private static async Task AgeAsync(HubWorld world, HubDevice device)
    {
        // A digest folds; what is not folded is not compacted.
        (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
        world.Clock.Advance(Old);
    }

    private static Task<Answer> AckAsync(HubDevice device, long seen, string? name = null) =>
        device.SendAsync(
            HttpMethod.Post,
            "/api/v1/sync/ack",
            new StringContent(new JsonObject { ["device_id"] = name ?? device.Id, ["last_seen_id"] = seen }.ToJsonString())
        );

    private static IEnumerable<string> Texts(IEnumerable<JsonNode?> ops) => ops.Select(o => o!.ToJsonString());
}
