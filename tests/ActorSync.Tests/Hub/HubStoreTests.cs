using ActorSync.Hub;
using ActorSync.Hub.Store;
using Microsoft.Data.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class HubStoreTests
{
    [Fact]
    [Trait("criterion", "I21")]
    public async Task What_was_answered_is_there_after_a_crash_and_the_head_chain_is_whole()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var (last, moved) = (default(Answer), Op.Set(1, "moved"));
        (await device.PushAsync(1, moved)).ShouldBe(200);
        for (var i = 2; i <= 12; i++)
        {
            last = (await device.PushAsync(i, Op.Set(i), Op.Set(i, "p2"))).ShouldBe(200);
            await using var crashed = await world.CrashedCopyAsync();
            var copy = new HubDevice(crashed, device.Id, device.Token);
            var log = await copy.PullAllAsync(limit: 7);
            log.Count.ShouldBe(1 + (2 * (i - 1)));
            last.Text("head").ShouldBe(Chain.Of(log));
            (await copy.GetAsync("/api/v1/sync/digest"))
                .ShouldBe(200)
                .Body.ToJsonString()
                .ShouldBe((await device.GetAsync("/api/v1/sync/digest")).Body.ToJsonString());
            var next = (await copy.PushAsync(i, Op.Set(i + 1))).ShouldBe(200);
            next.Text("head").ShouldBe(Chain.Of(await copy.PullAllAsync()));
        }

        await world.RestartAsync();
        var returning = new HubDevice(world, device.Id, device.Token);
        (await returning.PushAsync(20, moved.With("lamport_ts", 20).With("published", true))).ShouldBe(200).Number("last_id").ShouldBe(24);
        (await returning.GetAsync($"/api/v1/sync/ops?since=23&head={last!.Text("head")}")).ShouldBe(200);
    }

    [Fact]
    public async Task Calls_that_wait_together_are_committed_together_and_each_gets_its_own_answer()
    {
        await using var world = await HubWorld.StartAsync();
        var devices = new List<HubDevice>();
        for (var i = 0; i < 40; i++)
        {
            devices.Add(await world.JoinAsync(i % 2 == 0 ? "ada" : "bob"));
        }

        var answers = await Task.WhenAll(devices.Select(d => d.PushAsync(1, Op.Set(1, d.Id))));
        foreach (var account in new[] { 0, 1 })
        {
            answers
                .Where((_, i) => i % 2 == account)
                .Select(a => a.ShouldBe(200).Accepted.Single()!["id"]!.GetValue<long>())
                .Order()
                .ShouldBe(Enumerable.Range(1, 20).Select(i => (long)i));
        }
    }

    [Fact]
    public async Task A_call_that_throws_hurts_no_other_call_of_its_group()
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-hub-").FullName;
        await using (var store = new StoreThread(HubWorld.Options(folder, new HandClock(), new HandChance())))
        {
            // While the first call holds the thread, the others gather into one group.
            using var held = new ManualResetEventSlim();
            var first = store.RunAsync(_ => held.Wait(TimeSpan.FromMinutes(1)));
            var before = store.RunAsync(s => s.Accounts.Create("id-1", "ada", s.Now).Handle);
            var broken = store.RunAsync<string>(s =>
            {
                s.Accounts.Create("id-2", "bob", s.Now);
                throw new NotSupportedException("planted");
            });
            var after = store.RunAsync(s => s.Accounts.Create("id-3", "eve", s.Now).Handle);
            held.Set();
            (await first).ShouldBeTrue();
            (await before).ShouldBe("ada");
            await Should.ThrowAsync<NotSupportedException>(() => broken);
            (await after).ShouldBe("eve");
            (
                await store.RunAsync(s => string.Join(',', new[] { "ada", "bob", "eve" }.Where(h => s.Accounts.ByHandle(h) is not null)))
            ).ShouldBe("ada,eve");
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    [Trait("criterion", "I18")]
    public async Task A_second_hub_on_the_folder_is_refused()
    {
        await using var world = await HubWorld.StartAsync();
        var refused = await Should.ThrowAsync<HubException>(() =>
            HubServer.StartAsync(HubWorld.Options(world.Folder, world.Clock, world.Chance))
        );
        refused.Code.ShouldBe("hub_locked");
        refused.Message.ShouldContain(world.Folder);
        (await (await world.JoinAsync()).GetAsync("/v1/auth/me")).ShouldBe(200);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_untouched()
    {
        await using var world = await HubWorld.StartAsync();
        await world.Hub.StopAsync();
        Execute(world, "INSERT INTO schema_script (number, name, applied_at) VALUES (99, 'later', 0)");
        var before = await File.ReadAllBytesAsync(Path.Combine(world.Folder, "hub.db"));
        var refused = await Should.ThrowAsync<HubException>(() =>
            HubServer.StartAsync(HubWorld.Options(world.Folder, world.Clock, world.Chance))
        );
        refused.Code.ShouldBe("hub_newer");
        refused.Message.ShouldContain("99");
        (await File.ReadAllBytesAsync(Path.Combine(world.Folder, "hub.db"))).ShouldBe(before);
    }

    [Fact]
    [Trait("criterion", "I19")]
    public async Task A_damaged_file_is_refused_by_name_and_stays()
    {
        await using var world = await HubWorld.StartAsync();
        await world.Hub.StopAsync();
        var path = Path.Combine(world.Folder, "hub.db");
        var damaged = await File.ReadAllBytesAsync(path);
        damaged.AsSpan(0, 64).Fill(0x55);
        await File.WriteAllBytesAsync(path, damaged);
        var refused = await Should.ThrowAsync<HubException>(() =>
            HubServer.StartAsync(HubWorld.Options(world.Folder, world.Clock, world.Chance))
        );
        refused.Code.ShouldBe("hub_corrupt");
        refused.Message.ShouldContain(path);
        (await File.ReadAllBytesAsync(path)).ShouldBe(damaged);
    }

    [Fact]
    [Trait("criterion", "I19")]
    public async Task A_log_that_does_not_end_with_its_head_is_503_and_not_continued()
    {
        await using var world = await HubWorld.StartAsync();
        var (device, other) = (await world.JoinAsync(), await world.JoinAsync("bob"));
        (await device.PushAsync(2, Op.Set(1), Op.Set(2))).ShouldBe(200);
        await world.Hub.StopAsync();
        Execute(world, "DELETE FROM op WHERE (key & 0xFFFFFFFFFF) = 2");
        await world.RestartAsync();
        (await new HubDevice(world, device.Id, device.Token).PushAsync(3, Op.Set(3))).ShouldBe(503, "unavailable");
        (await new HubDevice(world, other.Id, other.Token).PushAsync(3, Op.Set(3))).ShouldBe(200);
    }

    [Fact]
    public async Task The_pragmas_that_make_it_durable_are_in_force()
    {
        await using var world = await HubWorld.StartAsync();
        await world.Hub.StopAsync();
        using var connection = Open(world);
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT journal_mode || page_size FROM pragma_journal_mode, pragma_page_size";
        command.ExecuteScalar().ShouldBe("wal4096");
    }

    [Fact]
    [Trait("criterion", "Q9")]
    public async Task A_full_store_is_503_for_pushes_and_not_ready_and_keeps_what_it_has()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { StoreBytes = 400 << 10 });
        var device = await world.JoinAsync();
        var (stamp, kept) = (0, 0);
        Answer answer;
        do
        {
            answer = await device.PushAsync(++stamp, Op.Set(stamp, $"p{stamp}", $"\"{new string('x', 20_000)}\""));
            kept += answer.Status == 200 ? 1 : 0;
        } while (answer.Status == 200 && stamp < 100);

        answer.ShouldBe(503, "unavailable").Headers.RetryAfter.ShouldNotBeNull();
        kept.ShouldBeGreaterThan(3);
        await world.RestartAsync();
        var returning = new HubDevice(world, device.Id, device.Token);
        (await returning.PullAllAsync()).Count.ShouldBe(kept);
        (await returning.PushAsync(stamp, Op.Set(stamp))).ShouldBe(200);
    }

    [Fact]
    public async Task Not_ready_while_the_store_cannot_be_written_and_ready_again_afterwards()
    {
        await using var world = await HubWorld.StartAsync();
        Execute(world, "ALTER TABLE probe RENAME TO lost");
        (await Answer.ReadAsync(await world.Client().GetAsync("/ready"))).ShouldBe(503, "unavailable");
        (await Answer.ReadAsync(await world.Client().GetAsync("/health"))).ShouldBe(200);
        Execute(world, "ALTER TABLE lost RENAME TO probe");
        (await Answer.ReadAsync(await world.Client().GetAsync("/ready"))).ShouldBe(200);
    }

    [Theory]
    [InlineData("htp://127.0.0.1:0")]
    [InlineData("https://127.0.0.1:0")]
    [InlineData("http://localhost:0")]
    [InlineData("127.0.0.1")]
    [InlineData("http://192.0.2.1:80")]
    public async Task An_address_that_cannot_be_listened_on_is_refused_by_name(string url)
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-hub-").FullName;
        try
        {
            var options = HubWorld.Options(folder, new HandClock(), new HandChance()) with { Urls = [url] };
            var refused = await Should.ThrowAsync<HubException>(() => HubServer.StartAsync(options));
            refused.Code.ShouldBe("hub_address");
            refused.Message.ShouldContain(url);

            // The folder is free again.
            await using var next = await HubServer.StartAsync(options with { Urls = ["http://127.0.0.1:0"] });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_folder_that_is_a_file_is_refused()
    {
        var file = Path.GetTempFileName();
        try
        {
            var refused = await Should.ThrowAsync<HubException>(() =>
                HubServer.StartAsync(HubWorld.Options(file, new HandClock(), new HandChance()))
            );
            refused.Code.ShouldBe("hub_path");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task Stopping_twice_is_stopping_once_and_nothing_listens_afterwards()
    {
        await using var world = await HubWorld.StartAsync();
        await world.Hub.StopAsync();
        await world.Hub.StopAsync();
        await Should.ThrowAsync<HttpRequestException>(() => world.Client().GetAsync("/health"));
    }

    private static SqliteConnection Open(HubWorld world)
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(world.Folder, "hub.db")};Pooling=False");
        connection.Open();
        return connection;
    }

    private static void Execute(HubWorld world, string sql)
    {
        using var connection = Open(world);
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
