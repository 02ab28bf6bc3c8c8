using System.Text.Json;
using ActorSync.Host;
using ActorSync.Host.Service;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

/// <summary>Profiles by command line, without a host; the same verbs against one are in the integration tests.</summary>
public sealed class ProfileCommandTests : IDisposable
{
    private readonly DataFolderFixture _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task The_default_is_chosen_durably_and_verbs_without_a_profile_go_there()
    {
        await ShouldBeDoneAsync("profile", "create", "work");
        await ShouldBeDoneAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set");
        await ShouldBeDoneAsync("profile", "use", "work");
        await ShouldBeDoneAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set");
        await ShouldBeDoneAsync("enqueue", "--entity", "e", "--id", "3", "--op", "set");

        (await PendingAsync()).ShouldBe(2);
        (await PendingAsync("--profile", "default")).ShouldBe(1);
        var list = (await ShouldBeDoneAsync("profile", "list")).GetProperty("profiles");
        list.EnumerateArray()
            .Select(static p => (p.GetProperty("name").GetString(), p.GetProperty("default").GetBoolean()))
            .ShouldBe([("default", false), ("work", true)]);
    }

    [Fact]
    public async Task One_with_unsent_operations_is_removed_only_on_demand_and_they_are_in_the_file_that_is_named()
    {
        await ShouldBeDoneAsync("profile", "create", "work");
        await ShouldBeDoneAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--profile", "work");
        await ShouldBeDoneAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set", "--profile", "work");

        var refused = await RunAsync("profile", "remove", "work");
        var removed = await ShouldBeDoneAsync("profile", "remove", "work", "--yes");

        refused.Code.ShouldBe(ExitCodes.Failed);
        refused.Out.ShouldContain("profile_not_empty");
        removed.GetProperty("exported").GetInt64().ShouldBe(2);
        var file = removed.GetProperty("file").GetString()!;
        Directory.Exists(ProfileBook.FolderOf(_data.Folder, "work")).ShouldBeFalse();
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var back = await ShouldBeDoneAsync("import", file);
        back.GetProperty("stored").GetInt64().ShouldBe(2);
    }

    [Fact]
    public async Task An_empty_one_is_removed_without_a_file_and_the_default_one_is_not()
    {
        await ShouldBeDoneAsync("profile", "create", "work");
        await ShouldBeDoneAsync("profile", "create", "home");
        await ShouldBeDoneAsync("profile", "use", "home");

        var removed = await ShouldBeDoneAsync("profile", "remove", "work");
        var kept = await RunAsync("profile", "remove", "home");
        var missing = await RunAsync("profile", "remove", "work");

        removed.GetProperty("file").ValueKind.ShouldBe(JsonValueKind.Null);
        kept.Out.ShouldContain("profile_is_default");
        missing.Code.ShouldBe(ExitCodes.Usage);
        missing.Out.ShouldContain("unknown_profile");
    }

    [Theory]
    [InlineData("../other")]
    [InlineData("")]
    [InlineData(".hidden")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("con")]
    [InlineData("NUL.txt")]
    [InlineData("lpt1")]
    [InlineData("work.")]
    [InlineData("~")]
    [InlineData("wörk")]
    [InlineData("a b")]
    [InlineData("x23456789012345678901234567890123456789012345678901234567890123456")]
    public async Task A_name_that_some_file_system_takes_otherwise_is_refused(string name)
    {
        foreach (var verb in new[] { "create", "use", "remove" })
        {
            var refused = await RunAsync("profile", verb, name);

            refused.Code.ShouldBe(ExitCodes.Usage, refused.Out);
            refused.Out.ShouldContain("NAME");
        }

        Directory.Exists(Path.Combine(_data.Folder.Path, "profiles")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_name_that_differs_only_in_case_is_taken()
    {
        await ShouldBeDoneAsync("profile", "create", "Work");

        var refused = await RunAsync("profile", "create", "work");

        refused.Code.ShouldBe(ExitCodes.Failed);
        refused.Out.ShouldContain("profile_exists");
    }

    [Theory]
    [InlineData("logs")]
    [InlineData("logs", "-f")]
    [InlineData("actors")]
    [InlineData("log-level", "sync", "DEBUG")]
    public async Task What_only_a_host_can_tell_says_that_there_is_none(params string[] args)
    {
        var refused = await RunAsync(args);

        refused.Code.ShouldBe(ExitCodes.Failed);
        refused.Out.ShouldContain("no_host");
        refused.Out.ShouldContain("actorsync run");
    }

    [Theory]
    [InlineData("LEVEL", "log-level", "sync", "LOUD")]
    [InlineData("ACTOR", "log-level", "a//b", "DEBUG")]
    [InlineData("--for", "log-level", "sync", "DEBUG", "--for", "5")]
    [InlineData("--for", "log-level", "sync", "DEBUG", "--for", "0s")]
    [InlineData("--for", "log-level", "sync", "DEBUG", "--for", "2d")]
    [InlineData("ACTOR", "logs", "--actor", "a b")]
    [InlineData("LEVEL", "logs", "--level", "LOUD")]
    [InlineData("--control", "status", "--control", "http://hub.example.com:1")]
    [InlineData("--control-token", "status", "--control", "http://127.0.0.1:1", "--control-token", "/nowhere/at/all")]
    public async Task Wrong_words_are_exit_code_2_and_named(string named, params string[] args)
    {
        var refused = await RunAsync(args);

        refused.Code.ShouldBe(ExitCodes.Usage, refused.Out);
        refused.Out.ShouldContain(named);
    }

    private async Task<long> PendingAsync(params string[] more) =>
        (await ShouldBeDoneAsync(["queue", "count", .. more])).GetProperty("pending").GetInt64();

    private async Task<JsonElement> ShouldBeDoneAsync(params string[] args)
    {
        var result = await RunAsync(args);
        result.Code.ShouldBe(ExitCodes.Done, result.Out + result.Error);
        using var document = JsonDocument.Parse(result.Out);
        return document.RootElement.Clone();
    }

    private Task<CliResult> RunAsync(params string[] args) => CliResult.RunAsync([.. args, "--json", "--data", _data.Folder.Path]);
}
