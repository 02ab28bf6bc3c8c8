using System.Text.Json;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>A running host, looked into from other consoles.</summary>
public sealed class LiveTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("criterion", "H7")]
    public async Task While_sync_is_blocked_one_actor_is_raised_followed_and_back_again()
    {
        Settings("actorsync.drain { backoff-min = 50ms, backoff-max = 200ms }");
        await using var host = await HostWithoutItsHubAsync();

        await using var follower = Start("logs", "-f", "--limit", "0", "--actor", "sync");
        await using var whole = Start("logs", "-f", "--limit", "0");
        (await CliAsync("log-level", "sync", "DEBUG", "--for", "3s")).Code.ShouldBe(0);
        await Facts.UntilAsync(() => Lines(follower).Any(static line => Is(line, "DEBUG", "cannot send")));
        var raised = (await CliAsync("log-level")).Document.GetProperty("levels");
        await FactsAsync(async () => (await CliAsync("log-level")).Document.GetProperty("levels").GetArrayLength() == 0);
        var shown = (await CliAsync("actors")).Document;
        var recent = await CliAsync("logs", "--level", "WARNING");
        follower.Signal(ActorSyncProcess.SigInt);
        whole.Signal(ActorSyncProcess.SigInt);

        var (followed, all) = (await follower.EndAsync(), await whole.EndAsync());
        (followed.Code, all.Code).ShouldBe((0, 0), followed.Error + all.Error);
        raised[0].GetProperty("actor").GetString().ShouldBe("sync");
        raised[0].GetProperty("until").ValueKind.ShouldBe(JsonValueKind.String);
        Documents(followed).ShouldAllBe(line => line.GetProperty("actor").GetString()!.Contains("/sync"));
        Documents(followed).ShouldAllBe(line => line.GetProperty("profile").GetString() == "default");
        // Only what was raised spoke at DEBUG.
        Documents(all)
            .Where(static line => Is(line, "DEBUG", ""))
            .ShouldAllBe(line => line.GetProperty("actor").GetString()!.Contains("/sync"));
        recent.Out.ShouldContain("cannot send");
        Node(shown, "/user/actorsync/profiles/default/sync").GetProperty("state").GetString().ShouldBe("Working");
        Node(shown, "/user/actorsync/profiles/default/sync/drain-priority").GetProperty("mailbox").GetInt32().ShouldBe(0);
    }

    [Fact]
    public async Task To_follow_at_DEBUG_makes_debug_lines_for_as_long_as_it_follows()
    {
        Settings("actorsync.drain { backoff-min = 50ms, backoff-max = 200ms }");
        await using var host = await HostWithoutItsHubAsync();

        await using (var follower = Start("logs", "-f", "--level", "DEBUG"))
        {
            await Facts.UntilAsync(() => Lines(follower).Any(static line => Is(line, "DEBUG", "cannot send")));
        }

        // It was killed, and the host has noticed when no more are made.
        await FactsAsync(async () => await LastDebugAsync() is var one && await LastDebugAsync() == one);
        (await CliAsync("enqueue", "--entity", "e", "--id", "9", "--op", "set")).Code.ShouldBe(0);

        async Task<long> LastDebugAsync() =>
            Documents(await CliAsync("logs", "--level", "DEBUG", "--limit", "100000")).Count(static line => Is(line, "DEBUG", ""));
    }

    [Fact]
    public async Task A_profile_whose_journal_is_damaged_is_looked_into_beside_one_that_works()
    {
        var broken = Directory.CreateDirectory(Path.Combine(_folder.Data, "profiles", "broken"));
        File.WriteAllText(Path.Combine(broken.FullName, "journal.db"), new string('x', 20_000));
        await using var host = Start("run", "--mode", "local");
        await host.UpAsync();

        var (actors, logs, list) = (
            await CliAsync("actors"),
            await CliAsync("logs", "--actor", "broken"),
            await CliAsync("profile", "list")
        );
        var status = await CliAsync("status", "--profile", "broken");

        Node(actors.Document, "/user/actorsync/profiles/broken").GetProperty("state").GetString().ShouldBe("Failed");
        Documents(logs).ShouldContain(static line => Is(line, "ERROR", "broken"));
        list.Document.GetProperty("profiles")
            .EnumerateArray()
            .Select(static p => $"{p.GetProperty("name").GetString()} {p.GetProperty("state").GetString() == "ERR"}")
            .ShouldBe(["broken True", "default False"]);
        status.Document.GetProperty("health").GetProperty("state").GetString().ShouldBe("ERR");
        host.Signal(ActorSyncProcess.SigTerm);
        (await host.EndAsync()).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_follower_hears_that_the_host_went_away()
    {
        await using var host = Start("run", "--mode", "local");
        await host.UpAsync();
        await using var follower = Start("logs", "-f");
        await Facts.UntilAsync(() => Lines(follower).Any());

        host.Signal(ActorSyncProcess.SigTerm);
        (await host.EndAsync()).Code.ShouldBe(0);

        (await follower.EndAsync()).Code.ShouldBe(1);
    }

    // Paired, one operation queued, and nobody at the hub's address any more.
    private async Task<ActorSyncProcess> HostWithoutItsHubAsync()
    {
        using var hubFolder = new CliFolder();
        var hub = ActorSyncProcess.Start(["hub", "--urls", "http://127.0.0.1:0", "--json", "--data", hubFolder.Data]);
        await using (hub)
        {
            var up = await hub.UpAsync();
            var (url, code) = (up.GetProperty("urls")[0].GetString()!, up.GetProperty("code").GetString()!);
            (await CliAsync("pair", code, "--hub", url)).Code.ShouldBe(0);
        }

        (await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set")).Code.ShouldBe(0);
        var host = Start("run");
        await host.UpAsync();
        return host;
    }

    private void Settings(string hocon)
    {
        Directory.CreateDirectory(_folder.Data);
        File.WriteAllText(Path.Combine(_folder.Data, "actorsync.conf"), hocon);
    }

    private static bool Is(JsonElement line, string level, string containing) =>
        line.GetProperty("level").GetString() == level
        && line.GetProperty("text").GetString()!.Contains(containing, StringComparison.Ordinal);

    private static JsonElement Node(JsonElement tree, string path) =>
        tree.GetProperty("path").GetString() == path
            ? tree
            : tree.GetProperty("children")
                .EnumerateArray()
                .Select(child => Node(child, path))
                .FirstOrDefault(static n => n.ValueKind != default);

    private static IEnumerable<JsonElement> Lines(ActorSyncProcess process) => Documents(process.Out);

    private static IReadOnlyList<JsonElement> Documents(CliRun run) => Documents(run.Out);

    // One document a line, each whole.
    private static List<JsonElement> Documents(string text)
    {
        var documents = new List<JsonElement>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            documents.Add(document.RootElement.Clone());
        }

        return documents;
    }

    private static async Task FactsAsync(Func<Task<bool>> holds)
    {
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await holds())
        {
            over.Token.ThrowIfCancellationRequested();
        }
    }

    private ActorSyncProcess Start(params string[] args) => ActorSyncProcess.Start([.. args, "--json", "--data", _folder.Data]);

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _folder.Data]);
}
