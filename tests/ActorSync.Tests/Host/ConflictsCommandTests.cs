using System.Text.Json;
using ActorSync.Host;
using ActorSync.Journal.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class ConflictsCommandTests : IDisposable
{
    private readonly DataFolderFixture _data = new();

    [Fact]
    public async Task They_are_listed_newest_first_in_pages_with_both_sides()
    {
        await With(3);

        var first = JsonDocument.Parse((await RunAsync("list", "--limit", "2", "--json")).Out).RootElement;
        var rest = JsonDocument.Parse((await RunAsync("list", "--limit", "2", "--below", "2", "--json")).Out).RootElement;

        Ids(first).ShouldBe([3, 2]);
        first.GetProperty("has_more").GetBoolean().ShouldBeTrue();
        Ids(rest).ShouldBe([1]);
        rest.GetProperty("has_more").GetBoolean().ShouldBeFalse();
        var newest = first.GetProperty("conflicts")[0];
        newest.GetProperty("won").GetProperty("deleted").GetBoolean().ShouldBeTrue();
        newest.GetProperty("lost").GetProperty("value").GetProperty("title").GetString().ShouldBe("lost 3");
        newest.GetProperty("lost").GetProperty("device_id").GetString().ShouldBe("phone");
    }

    [Fact]
    public async Task One_is_shown_with_who_won_and_what_was_lost()
    {
        await With(2);

        var shown = await RunAsync("show", "2");

        shown.Code.ShouldBe(ExitCodes.Done);
        shown.Out.ShouldContain("note/n2.title");
        shown.Out.ShouldContain("won         \"won 2\"");
        shown.Out.ShouldContain("""lost        {"title":"lost 2"}""");
        shown.Out.ShouldContain("stamp 9   device laptop   operation 01890000-0000-7000-8000-000000000001");
        var list = await RunAsync("list");
        list.Out.ShouldContain("laptop");
    }

    [Fact]
    public async Task One_that_is_not_there_is_a_failure_that_says_so()
    {
        await With(2);

        var shown = await RunAsync("show", "7");

        shown.Code.ShouldBe(ExitCodes.Failed);
        shown.Error.ShouldContain("there is no conflict 7");
    }

    [Fact]
    public async Task Long_values_end_a_page_and_none_is_left_out()
    {
        await With(9, valueBytes: 1 << 20);

        var first = JsonDocument.Parse((await RunAsync("list", "--json")).Out).RootElement;

        first.GetProperty("has_more").GetBoolean().ShouldBeTrue();
        var below = Ids(first)[^1];
        var rest = JsonDocument.Parse((await RunAsync("list", "--json", "--below", $"{below}")).Out).RootElement;
        Ids(rest)[0].ShouldBe(below - 1);
    }

    public void Dispose() => _data.Dispose();

    private Task<CliResult> RunAsync(params string[] args) => CliResult.RunAsync(["conflicts", .. args, "--data", _data.Folder.Path]);

    private static long[] Ids(JsonElement page) =>
        [.. page.GetProperty("conflicts").EnumerateArray().Select(static x => x.GetProperty("id").GetInt64())];

    /// <summary>Those with an odd number lost to a deletion.</summary>
    private async Task With(int count, int valueBytes = 0)
    {
        (await RunAsync("list")).Code.ShouldBe(ExitCodes.Done);
        var path = Directory.GetFiles(_data.Path, "journal.db", SearchOption.AllDirectories).Single();
        using var db = SqliteDb.Open(path, null);
        for (var i = 1; i <= count; i++)
        {
            var won = i % 2 == 1 ? "NULL" : $"'\"won {i}\"'";
            db.Execute(
                $$"""
                INSERT INTO conflict VALUES ({{i}}, 'note', 'n{{i}}', 'title', {{won}}, 9, 'laptop', x'01890000000070008000000000000001',
                '{"title":"lost {{i}}{{new string('x', valueBytes)}}"}', 8, 'phone', x'01890000000070008000000000000002', 1700000000000)
                """
            );
        }
    }
}
