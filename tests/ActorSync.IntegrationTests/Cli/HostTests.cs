using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

[Collection(Alone.Name)]
public sealed class HostTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Verbs_talk_to_the_running_host_and_an_operation_is_at_the_hub_when_the_command_returns()
    {
        await using var host = ActorSyncProcess.Start(["run", "--embedded-hub", "--json", "--data", _folder.Data]);
        var up = await host.UpAsync();
        up.GetProperty("signed_in").GetBoolean().ShouldBeTrue();

        var enqueued = await CliAsync(
            "enqueue",
            "--entity",
            "playlist",
            "--id",
            "p1",
            "--op",
            "set",
            "--payload",
            """{"name":"Sunday"}""",
            "--wait"
        );
        var id = enqueued.Document.GetProperty("operation_id").GetString()!;
        var status = await CliAsync("status");
        var explained = await CliAsync("explain", id);
        var got = await CliAsync("get", "playlist", "p1");
        var count = await CliAsync("queue", "count");

        enqueued.Code.ShouldBe(0, enqueued.Error);
        enqueued.Error.ShouldNotContain("no host");
        enqueued.Document.GetProperty("delivered").GetBoolean().ShouldBeTrue();
        status.Document.GetProperty("running").GetBoolean().ShouldBeTrue();
        status.Document.GetProperty("auth").GetProperty("state").GetString().ShouldBe("signed_in");
        explained.Document.GetProperty("where").GetString().ShouldBe("delivered");
        got.Document.GetProperty("entities")[0].GetProperty("registers").GetProperty("name").GetString().ShouldBe("Sunday");
        count.Document.GetProperty("pending").GetInt64().ShouldBe(0);
    }

    [Fact]
    [Trait("criterion", "X1")]
    public async Task The_folder_and_all_that_a_host_makes_in_it_is_its_users_alone()
    {
        await using var host = ActorSyncProcess.Start(["run", "--embedded-hub", "--json", "--data", _folder.Data]);
        var up = await host.UpAsync();

        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(up.GetProperty("control").GetString()!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Directory
                .EnumerateFileSystemEntries(_folder.Data, "*", SearchOption.AllDirectories)
                .Append(_folder.Data)
                .Where(IsOpenToOthers)
                .ShouldBeEmpty();
        }
    }

    [Fact]
    public async Task SIGTERM_ends_the_host_cleanly_within_5_seconds_and_the_service_manager_hears_of_it()
    {
        var path = Path.Combine(Path.GetTempPath(), $"as-{Environment.ProcessId}-{Guid.NewGuid():N}"[..40]);
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        manager.ReceiveTimeout = 30_000;
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["NOTIFY_SOCKET"] = path };
        await using var host = ActorSyncProcess.Start(["run", "--embedded-hub", "--data", _folder.Data], variables: variables);
        var buffer = new byte[64];
        Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)).ShouldBe("READY=1");

        var started = Stopwatch.GetTimestamp();
        host.Signal(ActorSyncProcess.SigTerm);
        var end = await host.EndAsync();

        end.Code.ShouldBe(0, end.Error);
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(5));
        Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)).ShouldBe("STOPPING=1");
        File.Exists(Path.Combine(_folder.Data, "control.sock")).ShouldBeFalse();
    }

    [Fact]
    public async Task After_a_kill_verbs_work_without_the_host_and_a_new_one_starts()
    {
        await using (var host = ActorSyncProcess.Start(["run", "--embedded-hub", "--json", "--data", _folder.Data]))
        {
            await host.UpAsync();
            (await host.KillAfterAsync(TimeSpan.Zero)).ShouldBeTrue();
        }

        var alone = await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set");
        alone.Code.ShouldBe(0, alone.Error);
        alone.Error.ShouldContain("no host is running");

        await using var next = ActorSyncProcess.Start(["run", "--embedded-hub", "--json", "--data", _folder.Data]);
        var up = await next.UpAsync();
        var drained = await CliAsync("drain");

        up.GetProperty("signed_in").GetBoolean().ShouldBeTrue();
        drained.Code.ShouldBe(0, drained.Error);
        drained.Document.GetProperty("pending").GetInt64().ShouldBe(0);
    }

    [Fact]
    public async Task An_import_while_the_host_runs_goes_through_it()
    {
        await using var host = ActorSyncProcess.Start(["run", "--mode", "local", "--json", "--data", _folder.Data]);
        await host.UpAsync();

        var import = await CliAsync("import", _folder.WriteEdits(3_500));
        var again = await CliAsync("import", _folder.WriteEdits(3_500));
        var counts = await CliAsync("queue", "count");

        import.Code.ShouldBe(0, import.Error);
        import.Document.GetProperty("stored").GetInt64().ShouldBe(3_500);
        again.Document.GetProperty("skipped").GetInt64().ShouldBe(3_500);
        counts.Document.GetProperty("pending").GetInt64().ShouldBe(3_500);
    }

    [Fact]
    public async Task Ctrl_C_ends_an_import_between_two_batches_with_130_and_the_next_run_goes_on()
    {
        var input = _folder.WriteEdits(400_000);
        await using var import = ActorSyncProcess.Start(["import", input, "--json", "--data", _folder.Data]);
        var journal = Path.Combine(_folder.Data, "profiles", "default", "journal.db");
        await Facts.UntilAsync(() => File.Exists(journal) && new FileInfo(journal).Length > 1 << 20);
        import.Signal(ActorSyncProcess.SigInt);

        var interrupted = await import.EndAsync();
        var rest = await CliAsync("import", input);

        interrupted.Code.ShouldBe(130, interrupted.Error);
        interrupted.Error.ShouldContain("run the same command again");
        var stored = interrupted.Document.GetProperty("stored").GetInt64();
        (stored % 1000).ShouldBe(0);
        stored.ShouldBeInRange(1000, 399_000);
        rest.Code.ShouldBe(0, rest.Error);
        rest.Document.GetProperty("skipped").GetInt64().ShouldBe(stored);
        rest.Document.GetProperty("stored").GetInt64().ShouldBe(400_000 - stored);
    }

    [Fact]
    public async Task What_is_exported_can_be_imported_elsewhere_and_keeps_its_ids()
    {
        using var other = new CliFolder();
        await CliAsync("import", _folder.WriteEdits(2_500));
        var file = Path.Combine(_folder.Data, "pending.ndjson");

        var exported = await CliAsync("queue", "export", file);
        var imported = await ActorSyncProcess.RunAsync("import", file, "--json", "--data", other.Data);
        var back = await CliAsync("import", file);

        exported.Document.GetProperty("exported").GetInt64().ShouldBe(2_500);
        imported.Document.GetProperty("stored").GetInt64().ShouldBe(2_500);
        back.Document.GetProperty("stored").GetInt64().ShouldBe(0);
        back.Document.GetProperty("duplicates").GetInt64().ShouldBe(2_500);
    }

    [UnsupportedOSPlatform("windows")]
    private static bool IsOpenToOthers(string path) => (File.GetUnixFileMode(path) & (UnixFileMode)0b000_111_111) != UnixFileMode.None;

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _folder.Data]);
}
