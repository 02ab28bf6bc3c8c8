using System.Text;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>A device and a hub, each a process.</summary>
public sealed class HubTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("criterion", "A14")]
    public async Task A_device_pairs_with_a_hub_sends_signs_out_and_each_step_has_its_exit_code()
    {
        using var hubFolder = new CliFolder();
        await using var hub = ActorSyncProcess.Start([
            "hub",
            "--urls",
            "http://127.0.0.1:0",
            "--account",
            "ada",
            "--json",
            "--data",
            hubFolder.Data,
        ]);
        var up = await hub.UpAsync();
        var (url, code) = (up.GetProperty("urls")[0].GetString()!, up.GetProperty("code").GetString()!);
        (await CliAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set")).Code.ShouldBe(0);

        (await CliAsync("drain")).Code.ShouldBe(3, "not signed in");
        var wrong = await CliAsync("pair", "ABCDEFGH", "--hub", url);
        wrong.Code.ShouldBe(1);
        wrong.Document.GetProperty("error").GetString().ShouldBe("unknown_code");

        var paired = await CliAsync("pair", code, "--hub", url);
        paired.Code.ShouldBe(0, paired.Error);
        paired.Document.GetProperty("handle").GetString().ShouldBe("ada");
        var drained = await CliAsync("drain");
        drained.Code.ShouldBe(0, drained.Error);
        // Whether it went in the pass that was asked for, or in the one that a runtime makes when it starts.
        drained.Document.GetProperty("accepted").GetInt64().ShouldBe(1);

        (await CliAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set")).Code.ShouldBe(0);
        hub.Signal(ActorSyncProcess.SigTerm);
        (await hub.EndAsync()).Code.ShouldBe(0);
        (await CliAsync("drain")).Code.ShouldBe(4, "the hub is gone");
        (await CliAsync("pair", code, "--hub", url)).Code.ShouldBe(4);

        (await CliAsync("sign-out")).Code.ShouldBe(0);
        (await CliAsync("drain")).Code.ShouldBe(3);
        (await CliAsync("queue", "count")).Document.GetProperty("pending").GetInt64().ShouldBe(1);
    }

    [Fact]
    [Trait("criterion", "D19")]
    public async Task What_the_hub_refuses_is_shown_with_its_reason_sent_again_or_given_up_and_exit_code_6()
    {
        const string id = "01890a5d-ac96-774b-bcce-b302099a8057";
        using var hubFolder = new CliFolder();
        using var first = new CliFolder();
        await using var hub = ActorSyncProcess.Start(["hub", "--urls", "http://127.0.0.1:0", "--json", "--data", hubFolder.Data]);
        var up = await hub.UpAsync();
        var url = up.GetProperty("urls")[0].GetString()!;
        await PairAsync(first.Data, up.GetProperty("code").GetString()!);
        (await EnqueueAsync(first.Data, "1")).Code.ShouldBe(0);
        hub.Signal(ActorSyncProcess.SigTerm);
        await hub.EndAsync();

        // The same hub again, for a second code.
        await using var again = ActorSyncProcess.Start(["hub", "--urls", url, "--json", "--data", hubFolder.Data]);
        await PairAsync(_folder.Data, (await again.UpAsync()).GetProperty("code").GetString()!);
        var refused = await EnqueueAsync(_folder.Data, "2");
        var listed = await CliAsync("dead", "list");
        var shown = await CliAsync("dead", "show", id);
        var explained = await CliAsync("explain", id);
        var retried = await CliAsync("dead", "retry", "--all");
        var drained = await CliAsync("drain");
        var doctor = await CliAsync("doctor");
        var discarded = await CliAsync("dead", "discard", id, "--reason", "known elsewhere");
        var after = await CliAsync("drain");
        var gone = await CliAsync("dead", "show", id);

        refused.Code.ShouldBe(6, refused.Error);
        refused.Document.GetProperty("delivered").GetBoolean().ShouldBeFalse();
        refused.Document.GetProperty("error").GetString()!.ShouldContain("operation_conflict");
        listed.Document.GetProperty("operations").GetArrayLength().ShouldBe(1);
        shown.Document.GetProperty("operation").GetProperty("last_error").GetString()!.ShouldContain("operation_conflict");
        shown.Document.GetProperty("operation").GetProperty("payload").GetRawText().ShouldBe("2");
        explained.Document.GetProperty("where").GetString().ShouldBe("dead");
        retried.Document.GetProperty("count").GetInt64().ShouldBe(1);
        drained.Code.ShouldBe(6, drained.Error);
        doctor.Document.GetProperty("findings").EnumerateArray().ShouldContain(static f => f.GetProperty("check").GetString() == "queue");
        discarded.Document.GetProperty("count").GetInt64().ShouldBe(1);
        after.Code.ShouldBe(0, after.Error);
        gone.Code.ShouldBe(1);
        gone.Document.GetProperty("error").GetString().ShouldBe("unknown_operation");

        async Task PairAsync(string data, string code)
        {
            var paired = await ActorSyncProcess.RunAsync("pair", code, "--hub", url, "--data", data);
            paired.Code.ShouldBe(0, paired.Error);
        }

        static Task<CliRun> EnqueueAsync(string data, string payload) =>
            ActorSyncProcess.RunAsync([
                "enqueue",
                "--entity",
                "e",
                "--id",
                "1",
                "--op",
                "set",
                "--payload",
                payload,
                "--operation-id",
                id,
                "--wait",
                "--json",
                "--data",
                data,
            ]);
    }

    [Fact]
    public async Task A_token_comes_from_stdin_and_appears_nowhere()
    {
        const string token = "eyJhbGciOiJub25lIn0" + ".eyJzdWIiOiJ4In0" + ".c2VjcmV0LWNhbmFyeQ";

        var run = await ActorSyncProcess.RunWithInputAsync(
            token + "\n",
            "token",
            "set",
            "--hub",
            "http://127.0.0.1:9",
            "--json",
            "--data",
            _folder.Data
        );

        (run.Out + run.Error).ShouldNotContain("c2VjcmV0LWNhbmFyeQ");
        foreach (var file in Directory.EnumerateFiles(_folder.Data, "*", SearchOption.AllDirectories))
        {
            Encoding.Latin1.GetString(File.ReadAllBytes(file)).ShouldNotContain("c2VjcmV0LWNhbmFyeQ", Case.Sensitive, file);
        }
    }

    private Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _folder.Data]);
}
