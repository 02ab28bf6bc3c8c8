using System.Reflection;
using System.Text.RegularExpressions;
using ActorSync.Host;
using ActorSync.Tests.Architecture;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hosting;

public partial class ReadmeTests
{
    private static readonly string Readme = Repository.Read("README.md");

    [Fact]
    public void The_embedding_snippet_is_the_sample_that_is_compiled_and_run() =>
        Blocks("csharp").First().ShouldBe(Repository.Read("tests/ActorSync.Tests/Hosting/Samples/SampleWorker.cs"));

    [Fact]
    public void The_events_snippet_is_the_sample_that_is_compiled_and_run()
    {
        Blocks("csharp").Count().ShouldBe(2, "each has its test");
        Blocks("csharp").Last().ShouldBe(Repository.Read("tests/ActorSync.Tests/Hosting/Samples/SampleEvents.cs"));
    }

    [Fact]
    public void The_snippet_of_what_comes_in_is_the_sample_that_is_compiled_and_run() =>
        Blocks("cs").ShouldHaveSingleItem().ShouldBe(Repository.Read("tests/ActorSync.Tests/Hosting/Samples/SampleInbox.cs"));

    [Fact]
    public void The_embedding_takes_about_twenty_lines() =>
        Blocks("csharp").First().Split('\n').Count(line => line.Trim().Length > 1 && !line.StartsWith("using")).ShouldBeInRange(10, 22);

    [Fact]
    public void The_test_command_is_what_CI_runs()
    {
        var command = Blocks("sh").Single(block => block.StartsWith("dotnet test", StringComparison.Ordinal)).Trim();

        Repository.Read(".ci/run").ShouldContain("\n" + command + " ");
    }

    [Fact]
    public void Every_file_that_it_names_is_there() =>
        Paths()
            .Matches(Readme)
            .Select(match => match.Groups["path"].Value.TrimEnd('/'))
            .Where(path => !Repository.TrackedFiles().Any(file => file == path || file.StartsWith(path + "/", StringComparison.Ordinal)))
            .ShouldBeEmpty();

    [Fact]
    public void Every_command_that_it_shows_is_one()
    {
        var commands = Blocks("sh")
            .SelectMany(block => block.Split('\n'))
            .Where(line => line.StartsWith("actorsync ", StringComparison.Ordinal))
            .ToList();

        commands.Count.ShouldBeGreaterThan(10);
        commands
            .Select(line => (Line: line, Args: line.Split(' ')[1..]))
            .Select(command => (command.Line, Parsed: Cli.Root(command.Args).Parse(command.Args)))
            .Where(command => command.Parsed.Errors.Count > 0)
            .Select(command => $"{command.Line}: {command.Parsed.Errors[0].Message}")
            .ShouldBeEmpty();
    }

    [Fact]
    public void Every_exit_code_is_in_its_table() =>
        typeof(ExitCodes)
            .GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => $"| {field.GetRawConstantValue()} |")
            .Where(row => !Readme.Contains("\n" + row, StringComparison.Ordinal))
            .ShouldBeEmpty();

    private static IEnumerable<string> Blocks(string language) =>
        Block().Matches(Readme).Where(match => match.Groups["language"].Value == language).Select(match => match.Groups["text"].Value);

    [GeneratedRegex(@"(?ms)^```(?<language>\w+)\n(?<text>.*?)^```$", RegexOptions.ExplicitCapture)]
    private static partial Regex Block();

    [GeneratedRegex(@"(?<![\w/.])(?<path>(src|tests|hocon|\.ci)/[\w./-]*\w)", RegexOptions.ExplicitCapture)]
    private static partial Regex Paths();
}
