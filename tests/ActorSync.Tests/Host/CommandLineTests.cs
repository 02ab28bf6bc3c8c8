using System.CommandLine;
using System.Text.Json;
using ActorSync.Host;
using ActorSync.Host.Commands;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class CommandLineTests
{
    public static TheoryData<string> Paths()
    {
        var paths = new TheoryData<string>();
        foreach (var verb in Cli.Root([]).Subcommands)
        {
            Walk(verb, verb.Name);
        }

        return paths;

        void Walk(Command command, string path)
        {
            paths.Add(path);
            foreach (var below in command.Subcommands)
            {
                Walk(below, $"{path} {below.Name}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Help_of_each_verb_shows_examples(string path)
    {
        var help = await CliResult.RunAsync([.. path.Split(' '), "--help"]);

        help.Code.ShouldBe(ExitCodes.Done);
        help.Error.ShouldBeEmpty();
        help.Out.ShouldContain("Examples:");
        help.Out.ShouldContain($"actorsync {path}");
        help.Out.ShouldContain("--data <DIR>");
        help.Out.ShouldContain("--json");
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void Examples_of_each_verb_parse(string path)
    {
        var verb = (VerbCommand)Cli.Root([]).Parse(path.Split(' ')).CommandResult.Command;

        verb.Examples.ShouldNotBeEmpty();
        foreach (var example in verb.Examples)
        {
            var args = ShellWords(example);
            args[0].ShouldBe("actorsync");
            var parsed = Cli.Root(args[1..]).Parse(args[1..]);
            parsed.Errors.Select(static e => e.Message).ShouldBeEmpty(example);
            parsed.CommandResult.Command.ShouldNotBeOfType<RootCommand>(example);
        }
    }

    [Theory]
    [InlineData("--entity", "enqueue", "--id", "1", "--op", "set")]
    [InlineData("--op", "enqueue", "--entity", "e", "--id", "1", "--op", "upsert")]
    [InlineData("--entity", "enqueue", "--entity", " ", "--id", "1", "--op", "set")]
    [InlineData("--payload", "enqueue", "--entity", "e", "--id", "1", "--op", "set", "--payload", "{")]
    [InlineData("--operation-id", "enqueue", "--entity", "e", "--id", "1", "--op", "set", "--operation-id", "7")]
    [InlineData("--hub", "pair", "ABCD2345", "--hub", "htp://hub.example.com")]
    [InlineData("--hub", "run", "--hub", "hub.example.com")]
    [InlineData("--embedded-hub", "run", "--embedded-hub", "--hub", "https://hub.example.com")]
    [InlineData("--mode", "run", "--mode", "sideways")]
    [InlineData("--urls", "hub", "--urls", "ftp://127.0.0.1:1")]
    [InlineData("--fault", "hub", "--fault", "health=503")]
    [InlineData("--yes", "queue", "clear")]
    [InlineData("--reason", "dead", "discard", "01890a5d-ac96-774b-bcce-b302099a8057")]
    [InlineData("--all", "dead", "retry")]
    [InlineData("--profile", "status", "--profile", "../other")]
    [InlineData("OPERATION_ID", "explain", "42")]
    [InlineData("ID", "queue", "show", "42")]
    [InlineData("FILE", "import", "/nowhere/at/all.ndjson")]
    [InlineData("frobnicate", "frobnicate")]
    [InlineData("--frobnicate", "status", "--frobnicate")]
    [InlineData("--limit", "queue", "list", "--limit", "many")]
    public async Task Wrong_usage_is_exit_code_2_and_names_the_flag(string named, params string[] args)
    {
        using var data = new DataFolderFixture();

        var result = await CliResult.RunAsync([.. args, "--data", data.Folder.Path]);

        result.Code.ShouldBe(ExitCodes.Usage, result.Error);
        result.Out.ShouldBeEmpty();
        result.Error.ShouldContain(named);
        result.Error.ShouldContain("remedy:");
    }

    [Fact]
    public async Task Wrong_usage_with_json_is_one_document_on_stdout()
    {
        var result = await CliResult.RunAsync("enqueue", "--json");

        result.Code.ShouldBe(ExitCodes.Usage);
        result.Error.ShouldBeEmpty();
        using var document = JsonDocument.Parse(result.Out);
        document.RootElement.EnumerateObject().Select(static p => p.Name).ShouldBe(["error", "message", "remedy"]);
        document.RootElement.GetProperty("error").GetString().ShouldBe("usage");
        document.RootElement.GetProperty("message").GetString()!.ShouldContain("--entity");
    }

    [Fact]
    public async Task A_data_folder_that_is_a_file_is_exit_code_2_and_the_file_stays_as_it_is()
    {
        using var data = new DataFolderFixture();
        var file = data.Write("file", "mine");

        var result = await CliResult.RunAsync("status", "--data", file);

        result.Code.ShouldBe(ExitCodes.Usage);
        result.Error.ShouldContain("--data");
        result.Error.ShouldContain(file);
        File.ReadAllText(file).ShouldBe("mine");
    }

    [Fact]
    public async Task A_wrong_setting_is_exit_code_2_and_names_the_key()
    {
        using var data = new DataFolderFixture();
        data.Folder.Create();
        File.WriteAllText(data.Folder.Settings, "actorsync.drain.backoff-min = never");

        var result = await CliResult.RunAsync("status", "--data", data.Folder.Path);

        result.Code.ShouldBe(ExitCodes.Usage, result.Error);
        result.Error.ShouldContain("actorsync.drain.backoff-min");
    }

    [Theory]
    [InlineData("invalid_setting", ExitCodes.Usage)]
    [InlineData("invalid_operation", ExitCodes.Usage)]
    [InlineData("journal_path", ExitCodes.Usage)]
    [InlineData("journal_locked", ExitCodes.Journal)]
    [InlineData("journal_corrupt", ExitCodes.Journal)]
    [InlineData("journal_newer", ExitCodes.Journal)]
    [InlineData("hub_locked", ExitCodes.Journal)]
    [InlineData("journal_full", ExitCodes.Failed)]
    [InlineData("bad_line", ExitCodes.Failed)]
    [InlineData("paused", ExitCodes.NotSignedIn)]
    [InlineData("hub_unreachable", ExitCodes.HubUnreachable)]
    [InlineData("connect_refused", ExitCodes.HubUnreachable)]
    [InlineData("tls_untrusted", ExitCodes.HubUnreachable)]
    [InlineData("captive_portal", ExitCodes.HubUnreachable)]
    [InlineData("unknown_code", ExitCodes.Failed)]
    [InlineData("interrupted", ExitCodes.Interrupted)]
    public void A_failure_has_the_documented_exit_code(string code, int expected) =>
        ExitCodes.Of(new SyncException(code, "m", "r")).ShouldBe(expected);

    // Single and double quotes, and what stands around the command for the shell.
    private static string[] ShellWords(string line)
    {
        var command = line.Split(" | ")[^1].Split(" < ")[0];
        var words = new List<string>();
        var word = new System.Text.StringBuilder();
        var (quote, open) = ('\0', false);
        foreach (var c in command)
        {
            if (quote == '\0' && c is '\'' or '"')
            {
                (quote, open) = (c, true);
            }
            else if (c == quote)
            {
                quote = '\0';
            }
            else if (c == ' ' && quote == '\0')
            {
                Take();
            }
            else
            {
                word.Append(c);
            }
        }

        Take();
        return [.. words];

        void Take()
        {
            if (word.Length > 0 || open)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            open = false;
        }
    }
}
