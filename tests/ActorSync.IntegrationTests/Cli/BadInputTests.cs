using System.Security.Cryptography;
using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>What people hand in by mistake: the documented exit code, a message that names the place, and nothing stored is harmed.</summary>
public sealed class BadInputTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, string> BadLines() =>
        new()
        {
            { "nonsense", "line 3: line:" },
            { """{"entity":"e","entity_id":"3","op":"set" """, "line 3: line:" },
            { """{"entity":"e","entity_id":"3","op":"upsert"}""", "line 3: op:" },
            { """{"entity":"","entity_id":"3","op":"set"}""", "line 3: entity:" },
            { """{"entity":"e","entity_id":"3","op":"set","payload":{bad}}""", "line 3: line:" },
            {
                $$"""{"entity":"e","entity_id":"3","op":"set","payload":"{{new string('x', OperationRules.MaxPayloadBytes)}}"}""",
                "line 3: payload:"
            },
        };

    [Theory]
    [MemberData(nameof(BadLines))]
    public async Task A_bad_line_stops_the_import_and_a_corrected_file_goes_in(string line, string named)
    {
        const string good = """
            {"entity":"e","entity_id":"1","op":"set","payload":1}
            {"entity":"e","entity_id":"2","op":"set","payload":2}

            """;
        var bad = await ImportAsync(_folder.Write("bad.ndjson", good + line + "\n"));
        var skipped = await ImportAsync(
            _folder.Write("bad.ndjson", good + line + "\n" + good.Replace("\"1\"", "\"4\"", StringComparison.Ordinal)),
            "--skip-bad"
        );

        bad.Code.ShouldBe(1);
        bad.Document.GetProperty("error").GetString().ShouldBe("bad_line");
        bad.Document.GetProperty("message").GetString()!.ShouldContain(named);
        bad.Document.GetProperty("remedy").GetString()!.ShouldNotBeEmpty();
        skipped.Code.ShouldBe(6, skipped.Error);
        skipped.Document.GetProperty("bad").GetInt64().ShouldBe(1);
        skipped.Document.GetProperty("first_bad")[0].GetString()!.ShouldContain(named);
        (await PendingAsync()).ShouldBe(2 + 4);
    }

    [Theory]
    [InlineData("--op", "--entity", "e", "--id", "1", "--op", "upsert")]
    [InlineData("--entity", "--entity", "", "--id", "1", "--op", "set")]
    [InlineData("--payload", "--entity", "e", "--id", "1", "--op", "set", "--payload", "{bad}")]
    public async Task A_bad_operation_is_refused_before_the_journal(string named, params string[] args)
    {
        var run = await ActorSyncProcess.RunAsync(["enqueue", .. args, "--data", _folder.Data]);

        run.Code.ShouldBe(2);
        run.Error.ShouldContain(named);
        Directory.Exists(_folder.Data).ShouldBeFalse("nothing was touched");
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_made_is_exit_code_2()
    {
        var file = _folder.Write("file", "mine");

        var run = await ActorSyncProcess.RunAsync(
            "enqueue",
            "--entity",
            "e",
            "--id",
            "1",
            "--op",
            "set",
            "--data",
            Path.Combine(file, "data")
        );

        run.Code.ShouldBe(2);
        run.Error.ShouldContain("--data");
        run.Error.ShouldContain(file);
    }

    [Fact]
    public async Task A_data_folder_that_cannot_be_written_to_is_exit_code_2()
    {
        if (!Directory.Exists("/proc/self"))
        {
            return;
        }

        // Nobody may write there, root included.
        var run = await ActorSyncProcess.RunAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--data", "/proc/self/actorsync");
        var demo = await ActorSyncProcess.RunAsync("demo", "--once", "--data", "/proc/self");

        run.Code.ShouldBe(2, run.Error);
        run.Error.ShouldContain("--data");
        demo.Code.ShouldBe(2, demo.Error);
        demo.Error.ShouldContain("--data");
    }

    [Fact]
    [Trait("criterion", "Q14")]
    public async Task A_journal_of_a_newer_schema_is_exit_code_5_and_is_left_as_it_is()
    {
        await EnqueueAsync();
        var journal = JournalFile();
        using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={journal};Pooling=False"))
        {
            database.Open();
            using var newer = database.CreateCommand();
            newer.CommandText = "PRAGMA user_version = 9999";
            newer.ExecuteNonQuery();
        }

        var before = Digest(journal);
        var run = await ActorSyncProcess.RunAsync("queue", "count", "--json", "--data", _folder.Data);

        run.Code.ShouldBe(5, run.Out);
        run.Document.GetProperty("error").GetString().ShouldBe("journal_newer");
        run.Document.GetProperty("message").GetString()!.ShouldContain(journal);
        Digest(journal).ShouldBe(before);
    }

    [Fact]
    [Trait("criterion", "Q15")]
    public async Task A_corrupt_journal_is_exit_code_5_and_is_left_as_it_is()
    {
        await EnqueueAsync();
        var journal = JournalFile();
        File.WriteAllBytes(journal, [.. Enumerable.Repeat((byte)'x', 8192)]);

        var run = await ActorSyncProcess.RunAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set", "--data", _folder.Data);
        var doctor = await ActorSyncProcess.RunAsync("doctor", "--json", "--data", _folder.Data);

        run.Code.ShouldBe(5, run.Error);
        run.Error.ShouldContain(journal);
        run.Error.ShouldContain("remedy:");
        File.ReadAllBytes(journal).ShouldAllBe(static b => b == 'x');
        doctor.Code.ShouldBe(5);
        doctor.Document.GetProperty("healthy").GetBoolean().ShouldBeFalse();
    }

    [Fact]
    [Trait("criterion", "Q12")]
    public async Task A_second_host_on_the_folder_is_exit_code_5_and_names_the_first()
    {
        await using var host = ActorSyncProcess.Start(["run", "--mode", "local", "--json", "--data", _folder.Data]);
        await host.UpAsync();

        var second = await ActorSyncProcess.RunAsync("run", "--data", _folder.Data);
        var demo = await ActorSyncProcess.RunAsync("demo", "--once", "--data", _folder.Data);

        second.Code.ShouldBe(5);
        second.Error.ShouldContain($"process {host.Id}");
        demo.Code.ShouldBe(5);
        host.HasExited.ShouldBeFalse();
        (await PendingAsync()).ShouldBe(0);
    }

    private static string Digest(string file) => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)));

    private async Task EnqueueAsync()
    {
        var run = await ActorSyncProcess.RunAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--data", _folder.Data);
        run.Code.ShouldBe(0, run.Error);
    }

    // The largest file of the profile that is an SQLite database.
    private string JournalFile() => Directory.EnumerateFiles(_folder.Data, "*.db", SearchOption.AllDirectories).ShouldHaveSingleItem();

    private Task<CliRun> ImportAsync(string file, params string[] more) =>
        ActorSyncProcess.RunAsync(["import", file, "--json", "--data", _folder.Data, .. more]);

    private async Task<long> PendingAsync()
    {
        var count = await ActorSyncProcess.RunAsync("queue", "count", "--json", "--data", _folder.Data);
        count.Code.ShouldBe(0, count.Error);
        return count.Document.GetProperty("pending").GetInt64();
    }
}
