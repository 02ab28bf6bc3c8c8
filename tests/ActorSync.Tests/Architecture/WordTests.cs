using Shouldly;
using Xunit;

namespace ActorSync.Tests.Architecture;

public class WordTests
{
    [Fact]
    public void No_tracked_file_names_a_machine_a_registry_or_a_key() =>
        Words.Texts().SelectMany(path => Words.Violations(path, Repository.Read(path))).ShouldBeEmpty();

    [Fact]
    public void The_tracked_files_are_those_of_this_project()
    {
        var files = Words.Texts();

        files.ShouldContain(path => path == "README.md");
        files.ShouldContain(path => path == "src/ActorSync/SyncRuntime.cs");
        files.ShouldContain(path => path == ".ci/run");
        files.ShouldNotContain(path => path.Contains("/obj/"));
    }

    [Theory]
    [InlineData("see /wo" + "rk/main")]
    [InlineData("(/ro" + "ot/x)")]
    [InlineData("HintPath=\"/ho" + "me/anna/x\"")]
    [InlineData("C:\\Use" + "rs\\anna")]
    [InlineData("rm -rf /t" + "mp/x")]
    [InlineData("https://api.nug" + "et.org/v3")]
    [InlineData("-----BEGIN EC PRIV" + "ATE KEY-----")]
    [InlineData("ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0In0x.c2lnbmF0dXJlc2ln")]
    public void A_planted_word_is_found(string text) =>
        Words.Violations("README.md", "first line\n" + text).ShouldHaveSingleItem().ShouldStartWith("README.md:2: ");

    [Theory]
    [InlineData("https://example.com/wo" + "rk/x")]
    [InlineData("the temporary folder")]
    [InlineData("GET /api/v1/sync/ops")]
    public void Other_words_are_let_pass(string text) => Words.Violations("README.md", text).ShouldBeEmpty();
}
