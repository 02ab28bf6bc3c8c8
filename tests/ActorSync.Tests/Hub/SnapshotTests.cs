using System.IO.Compression;
using System.Net;
using System.Text.Json.Nodes;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class SnapshotTests
{
    private const string Path = "/api/v1/sync/snapshot";

    [Fact]
    public async Task The_snapshot_of_an_empty_account_is_the_empty_history()
    {
        await using var world = await HubWorld.StartAsync();
        var snapshot = (await (await world.JoinAsync()).GetAsync(Path)).ShouldBe(200);
        snapshot.Number("cursor").ShouldBe(0);
        snapshot.Text("head").ShouldBe(Chain.Genesis);
        snapshot.Number("clock").ShouldBe(0);
        snapshot.Body["rows"]!.AsArray().ShouldBeEmpty();
        snapshot.Number("count").ShouldBe(0);
        snapshot.Text("digest").ShouldBe(Reference.Hash([]));
        snapshot.MediaType.ShouldBe("application/json");
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [Trait("criterion", "P4")]
    public async Task A_snapshot_is_the_replay_of_the_log_byte_for_byte(int seed)
    {
        var random = new Random(seed);
        await using var world = await HubWorld.StartAsync();
        HubDevice[] devices = [await world.JoinAsync(), await world.JoinAsync(), await world.JoinAsync()];
        for (var round = 0; round < 4; round++)
        {
            foreach (var device in devices)
            {
                var ops = Enumerable.Range(0, 40).Select(_ => DigestTests.Any(random)).ToArray();
                (await device.PushAsync(1_000, ops)).ShouldBe(200).Accepted.Count.ShouldBe(ops.Length);
            }

            var log = await devices[0].PullAllAsync();
            CheckAgainst(log, (await devices[random.Next(3)].GetAsync(Path)).ShouldBe(200));
        }

        (await devices[0].PushAsync(5_000, Op.Set(5_000).With("op", "noop"))).ShouldBe(200);
        (await devices[0].GetAsync(Path)).Number("clock").ShouldBe(5_000);
    }

    [Fact]
    [Trait("criterion", "P4")]
    public async Task A_snapshot_taken_while_others_write_is_the_replay_up_to_its_cursor()
    {
        const int entities = 6_000;
        const int attempts = 40;
        await using var world = await HubWorld.StartAsync();
        var reader = await world.JoinAsync();
        for (var i = 0; i < entities; i += 1_000)
        {
            (await reader.PushAsync(1, [.. Enumerable.Range(i, 1_000).Select(n => Op.Set(1, $"p{n}"))])).ShouldBe(200);
        }

        using var enough = new CancellationTokenSource();
        var writing = Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(async seed =>
                {
                    var (random, writer) = (new Random(seed), await world.JoinAsync());
                    for (var clock = 2; !enough.IsCancellationRequested; clock++)
                    {
                        var at = $"p{random.Next(entities)}";
                        var op = random.Next(3) == 0 ? Op.Set(clock, at).With("op", "delete") : Op.Set(clock, at, $"{{\"n\":{clock}}}");
                        (await writer.PushAsync(clock, op)).ShouldBe(200);
                    }
                })
        );

        var snapshots = new List<Answer>();
        var overtaken = 0;
        for (var i = 0; i < attempts && overtaken < 5; i++)
        {
            snapshots.Add((await reader.GetAsync(Path)).ShouldBe(200));
            var end = (await reader.PushAsync(null)).ShouldBe(200).Number("last_id");
            overtaken += end > snapshots[^1].Number("cursor") ? 1 : 0;
        }

        await enough.CancelAsync();
        await writing;
        overtaken.ShouldBeGreaterThan(0);
        var log = await reader.PullAllAsync();
        foreach (var snapshot in snapshots)
        {
            CheckAgainst([.. log.Where(o => o["id"]!.GetValue<long>() <= snapshot.Number("cursor"))], snapshot);
        }
    }

    [Fact]
    [Trait("criterion", "P5")]
    public async Task Equal_stamps_of_a_device_and_its_clone_are_told_apart_by_the_operation_id()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var (low, high) = (Op.Set(1, payload: "1"), Op.Set(1, payload: "2"));
        (await device.PushAsync(1, high, low)).ShouldBe(200);
        var row = (await device.GetAsync(Path)).Body["rows"]!.AsArray().Single()!;
        row["value"]!.ToJsonString().ShouldBe("2");
        row.Id().ShouldBe(high.Id());
    }

    [Fact]
    [Trait("criterion", "X4")]
    public async Task A_snapshot_holds_rows_of_its_own_account_only()
    {
        await using var world = await HubWorld.StartAsync();
        var (ada, bob) = (await world.JoinAsync("ada"), await world.JoinAsync("bob"));
        (await ada.PushAsync(1, Op.Set(1, "of ada"))).ShouldBe(200);
        (await bob.PushAsync(1, Op.Set(1, "of bob"))).ShouldBe(200);
        (await ada.GetAsync(Path)).Body["rows"]!.AsArray().Single()!["entity_id"]!.GetValue<string>().ShouldBe("of ada");
        (await bob.GetAsync(Path)).Body["rows"]!.AsArray().Single()!["entity_id"]!.GetValue<string>().ShouldBe("of bob");
        (await Answer.ReadAsync(await world.Client().GetAsync(Path))).ShouldBe(401, "token_missing");
        (await world.Hub.SetAccountStatusAsync("bob", ActorSync.Hub.Store.AccountStatus.SyncDisabled)).ShouldBeTrue();
        (await bob.GetAsync(Path)).ShouldBe(403, "sync_disabled");
    }

    [Theory]
    [InlineData("gzip", true)]
    [InlineData("br, GZIP;q=0.5", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("br", false)]
    public async Task A_snapshot_is_gzip_for_who_takes_it(string accepted, bool zipped)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await device.PushAsync(1, [.. Enumerable.Range(0, 500).Select(i => Op.Set(1, $"p{i}"))])).ShouldBe(200);
        var plain = (await device.GetAsync(Path)).ShouldBe(200).Body.ToJsonString();

        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", accepted).ShouldBeTrue();
        using var response = await world.Client(device.Token).SendAsync(request);
        response.Content.Headers.ContentEncoding.ShouldBe(zipped ? ["gzip"] : []);
        response.Headers.Vary.ShouldBe(["Accept-Encoding"]);
        await using var body = await response.Content.ReadAsStreamAsync();
        await using Stream read = zipped ? new GZipStream(body, CompressionMode.Decompress) : body;
        JsonNode.Parse(read)!.ToJsonString().ShouldBe(plain);
    }

    [Fact]
    [Trait("criterion", "I15")]
    public async Task Who_reads_slowly_holds_a_slot_and_a_file_and_nobody_up()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { SnapshotsPerAccount = 1 });
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync("bob"));
        var large = $"\"{new string('x', 1_000_000)}\"";
        for (var i = 1; i <= 24; i++)
        {
            (await device.PushAsync(i, Op.Set(i, $"p{i}", large))).ShouldBe(200);
        }

        using (var slow = await StartAsync(world, device))
        {
            slow.StatusCode.ShouldBe(HttpStatusCode.OK);
            (await device.GetAsync(Path)).ShouldBe(503, "unavailable").Headers.RetryAfter.ShouldNotBeNull();
            (await other.GetAsync(Path)).ShouldBe(200);
            (await device.PushAsync(25, Op.Set(25))).ShouldBe(200);
            (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(200).Number("cursor").ShouldBe(25);
            Spools(world).ShouldHaveSingleItem();
        }

        // The slot comes back once the hub has seen that the caller is gone.
        for (var tries = 0; (await device.GetAsync(Path)).Status == 503; tries++)
        {
            tries.ShouldBeLessThan(10_000);
        }

        await world.RestartAsync();
        Spools(world).ShouldBeEmpty();
    }

    [Fact]
    [Trait("criterion", "I15")]
    public async Task A_snapshot_that_takes_too_long_is_broken_off()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { SnapshotTime = TimeSpan.FromMinutes(10) });
        var device = await world.JoinAsync();
        for (var i = 1; i <= 24; i++)
        {
            (await device.PushAsync(i, Op.Set(i, $"p{i}", $"\"{new string('x', 1_000_000)}\""))).ShouldBe(200);
        }

        using var slow = await StartAsync(world, device);
        await using var body = await slow.Content.ReadAsStreamAsync();
        world.Clock.Advance(TimeSpan.FromMinutes(10));
        await Should.ThrowAsync<IOException>(async () => await body.CopyToAsync(Stream.Null));
    }

    [Fact]
    public async Task A_start_removes_what_a_killed_hub_was_sending()
    {
        await using var world = await HubWorld.StartAsync();
        await world.Hub.DisposeAsync();
        await File.WriteAllTextAsync(System.IO.Path.Combine(world.Folder, "snapshot-7.tmp"), "half of it");
        await world.RestartAsync();
        Spools(world).ShouldBeEmpty();
        (await (await world.JoinAsync()).GetAsync(Path)).ShouldBe(200);
    }

    private static string[] Spools(HubWorld world) => Directory.GetFiles(world.Folder, "snapshot-*");

    private static Task<HttpResponseMessage> StartAsync(HubWorld world, HubDevice device) =>
        world.Client(device.Token).GetAsync(Path, HttpCompletionOption.ResponseHeadersRead);

    private static void CheckAgainst(List<JsonObject> log, Answer snapshot)
    {
        var rows = Reference.Rows(log);
        snapshot.Number("cursor").ShouldBe(log.Count == 0 ? 0 : log[^1]["id"]!.GetValue<long>());
        snapshot.Text("head").ShouldBe(Chain.Of(log));
        snapshot.Number("clock").ShouldBe(log.Max(o => o["lamport_ts"]!.GetValue<long>()));
        snapshot.Body["rows"]!.AsArray().Select(r => Written(r!)).ShouldBe(rows.Select(Written));
        snapshot.Number("count").ShouldBe(rows.Count);
        snapshot.Text("digest").ShouldBe(Reference.Hash(rows));
    }

    private static string Written(JsonNode row) =>
        string.Join(
            '\n',
            row["entity"]!.GetValue<string>(),
            row["entity_id"]!.GetValue<string>(),
            row["kind"]!.GetValue<string>(),
            row["register"]!.GetValue<string>(),
            Reference.Json(row["value"]),
            row["lamport_ts"]!.GetValue<long>(),
            row["device_id"]!.GetValue<string>(),
            row.Id()
        );

    private static string Written(Reference.Row row) =>
        string.Join(
            '\n',
            row.Entity,
            row.Id,
            row.Kind,
            row.Register,
            row.Kind == "D" ? "null" : row.Value,
            row.Lamport,
            row.Device,
            row.Operation
        );
}
