using System.Globalization;
using ActorSync.Hosting;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

public sealed class DemoTests : IDisposable
{
    private static readonly int Kills = int.Parse(
        Environment.GetEnvironmentVariable("ACTORSYNC_DEMO_KILLS") ?? "6",
        CultureInfo.InvariantCulture
    );
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_demo_with_nothing_set_up_proves_both_sides_equal_and_says_so_in_one_document()
    {
        var run = await ActorSyncProcess.RunAsync("demo", "--once", "--json", "--data", _folder.Data);

        run.Code.ShouldBe(0, run.Error);
        var document = run.Document;
        document
            .EnumerateObject()
            .Select(static p => p.Name)
            .ShouldBe([
                "enqueued",
                "hub_operations",
                "local_digest",
                "hub_digest",
                "equal",
                "seconds",
                "enqueue_per_second",
                "drain_per_second",
            ]);
        document.GetProperty("equal").GetBoolean().ShouldBeTrue();
        document.GetProperty("enqueued").GetInt64().ShouldBeInRange(3_000, 10_000);
        document.GetProperty("hub_operations").GetInt64().ShouldBe(document.GetProperty("enqueued").GetInt64());
        document.GetProperty("local_digest").GetString().ShouldBe(document.GetProperty("hub_digest").GetString());
        document.GetProperty("local_digest").GetString()!.Length.ShouldBe(64);
    }

    [Fact]
    public async Task The_demo_again_on_the_same_folder_adds_nothing()
    {
        var first = await ActorSyncProcess.RunAsync("demo", "--once", "--json", "--data", _folder.Data);
        var again = await ActorSyncProcess.RunAsync("demo", "--once", "--json", "--data", _folder.Data);

        again.Code.ShouldBe(0, again.Error);
        foreach (var name in (string[])["enqueued", "hub_operations", "local_digest", "hub_digest"])
        {
            again.Document.GetProperty(name).ToString().ShouldBe(first.Document.GetProperty(name).ToString(), name);
        }
    }

    [Fact]
    [Trait("criterion", "Q1")]
    public async Task Killed_at_any_moment_and_started_again_the_demo_ends_with_each_operation_once()
    {
        const int count = 40_000;
        var input = _folder.WriteEdits(count);
        var chance = new Random(20_260_509);
        var killed = 0;
        for (var i = 0; i < Kills; i++)
        {
            await using var process = ActorSyncProcess.Start(["demo", "--input", input, "--once", "--json", "--data", _folder.Data]);
            killed += await process.KillAfterAsync(TimeSpan.FromMilliseconds(chance.Next(150, 1800))) ? 1 : 0;
        }

        var last = await ActorSyncProcess.RunAsync("demo", "--input", input, "--once", "--json", "--data", _folder.Data);

        killed.ShouldBeGreaterThan(0);
        last.Code.ShouldBe(0, last.Error);
        last.Document.GetProperty("equal").GetBoolean().ShouldBeTrue();
        last.Document.GetProperty("enqueued").GetInt64().ShouldBe(count);
        last.Document.GetProperty("hub_operations").GetInt64().ShouldBe(count);
        var held = await _folder.ReadHubAsync(SyncOptionsReader.Read(_folder.Data).Http);
        held.Count.ShouldBe(count);
        held.Select(static o => o.OperationId).Distinct().Count().ShouldBe(count);
    }

    [Fact]
    public async Task An_interrupted_demo_ends_cleanly_with_130_and_goes_on_when_started_again()
    {
        var input = _folder.WriteEdits(120_000);
        await using var process = ActorSyncProcess.Start(["demo", "--input", input, "--once", "--json", "--data", _folder.Data]);
        await Facts.UntilAsync(() => File.Exists(Path.Combine(_folder.Data, "control.sock")));
        process.Signal(ActorSyncProcess.SigInt);

        var interrupted = await process.EndAsync();
        var second = await ActorSyncProcess.RunAsync("demo", "--input", input, "--once", "--json", "--data", _folder.Data);

        interrupted.Code.ShouldBe(130, interrupted.Error);
        interrupted.Document.GetProperty("error").GetString().ShouldBe("interrupted");
        interrupted.Document.GetProperty("remedy").GetString()!.ShouldContain("again");
        second.Code.ShouldBe(0, second.Error);
        second.Document.GetProperty("hub_operations").GetInt64().ShouldBe(120_000);
    }

    [Fact]
    public async Task A_bad_line_ends_the_demo_with_its_number_and_what_stood_before_it_is_kept()
    {
        var good = string.Concat(Enumerable.Range(1, 20).Select(static i => $$"""{"entity":"e","entity_id":"{{i}}","op":"set"}""" + "\n"));
        var input = _folder.Write("bad.ndjson", good + """{"entity":"e","entity_id":"21","op":"upsert"}""" + "\n");

        var run = await ActorSyncProcess.RunAsync("demo", "--input", input, "--once", "--data", _folder.Data);
        var digest = await ActorSyncProcess.RunAsync("queue", "count", "--json", "--data", _folder.Data);

        run.Code.ShouldBe(1);
        run.Error.ShouldContain("line 21: op: unknown kind 'upsert'");
        var counts = digest.Document;
        (counts.GetProperty("pending").GetInt64() + counts.GetProperty("acked_ever").GetInt64()).ShouldBe(20);
    }

    [Fact]
    public async Task A_demo_with_operations_that_the_hub_refuses_ends_with_6_and_equal_digests()
    {
        const string first = """
            {"entity":"e","entity_id":"1","op":"set","payload":1,"operation_id":"01890a5d-ac96-774b-bcce-b302099a8057"}
            {"entity":"e","entity_id":"2","op":"set","payload":1}

            """;
        var demo = await DemoAsync(_folder.Write("first.ndjson", first));
        var second = await DemoAsync(
            _folder.Write("second.ndjson", first.Replace("\"payload\":1", "\"payload\":2", StringComparison.Ordinal))
        );
        var dead = await ActorSyncProcess.RunAsync("dead", "list", "--json", "--data", _folder.Data);

        demo.Code.ShouldBe(0, demo.Error);
        second.Code.ShouldBe(6, second.Error);
        second.Document.GetProperty("equal").GetBoolean().ShouldBeTrue();
        second.Document.GetProperty("hub_operations").GetInt64().ShouldBe(3);
        dead.Document.GetProperty("operations").GetArrayLength().ShouldBe(1);

        Task<CliRun> DemoAsync(string input) =>
            ActorSyncProcess.RunAsync("demo", "--input", input, "--once", "--json", "--data", _folder.Data);
    }

    [Fact]
    public async Task A_folder_whose_profile_belongs_to_another_hub_is_not_taken_for_a_demo()
    {
        var set = await ActorSyncProcess.RunAsync("config", "set", "hub", "https://hub.example.com", "--data", _folder.Data);
        set.Code.ShouldBe(0, set.Error);

        var run = await ActorSyncProcess.RunAsync("demo", "--once", "--data", _folder.Data);

        run.Code.ShouldBe(2);
        run.Error.ShouldContain("https://hub.example.com");
        run.Error.ShouldContain("--data");
    }
}
