using System.Reflection;
using System.Text.RegularExpressions;
using ActorSync.Hosting;
using Akka.Configuration;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Architecture;

public class SettingTests
{
    private static readonly string Reference = Repository.Read("hocon/reference.conf");

    [Fact]
    public void Every_key_is_read_exactly_once()
    {
        List<string> read = [];
        _ = SyncOptionsReader.Read("data", [], read);

        read.Order(StringComparer.Ordinal).ShouldBe(SettingKeys.Of(SyncOptionsReader.Reference()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("hocon/reference.conf")]
    [InlineData("hocon/host.conf")]
    public void Every_key_is_documented_and_its_default_is_the_value(string path) =>
        ReferenceText.Violations(Repository.Read(path)).ShouldBeEmpty();

    [Fact]
    public void The_embedded_reference_is_the_file() =>
        SyncOptionsReader.Reference().ToString().ShouldBe(ConfigurationFactory.ParseString(Reference).ToString());

    [Fact]
    public void No_code_has_a_default() => Defaults(typeof(SettingSection)).Concat(Defaults(typeof(SettingValue))).ShouldBeEmpty();

    [Fact]
    public void No_actor_reads_configuration() =>
        Repository
            .Sources("src")
            .Where(path => path.EndsWith("Actor.cs", StringComparison.Ordinal) || path.Contains("/Runtime/", StringComparison.Ordinal))
            .Where(path => Regex.IsMatch(CodeText.Of(Repository.Read(path)), @"\bConfig(urationFactory)?\b|\.Settings\.Config\b"))
            .ShouldBeEmpty();

    [Theory]
    [InlineData("a {\n key = 1\n}", "a.key")]
    [InlineData("a {\n # Unit: x. Default: 1.\n # Effect: y.\n key = 1\n}", "a.key: says nothing before Unit")]
    [InlineData("a {\n # Means it.\n # Unit: x. Default: 2.\n # Effect: y.\n key = 1\n}", "a.key: Default is 2, the value is 1")]
    [InlineData("a {\n # Means it.\n # Unit: x. Default: 1.\n key = 1\n}", "a.key: no Effect")]
    [InlineData("a {\n # Means it.\n # Unit: x. Default: 1.\n # Effect: y.\n\n key = 1\n}", "a.key: no comment")]
    [InlineData(
        "a {\n # Means it.\n # Unit: x. Default: 1.\n # Effect: y.\n key = 1\n # Means it.\n # Unit: x. Default: 2.\n # Effect: y.\n key = 2\n}",
        "a.key: stands twice"
    )]
    public void A_planted_omission_is_found(string hocon, string complaint) =>
        ReferenceText.Violations(hocon).ShouldContain(line => line.StartsWith(complaint));

    [Fact]
    public void A_planted_default_in_code_is_found() => Defaults(typeof(PlantedReader)).ShouldHaveSingleItem();

    private static IEnumerable<string> Defaults(Type reader) =>
        reader
            .GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
            .SelectMany(method => method.GetParameters().Where(p => p.HasDefaultValue).Select(p => $"{method.Name}({p.Name})"));

    private sealed class PlantedReader
    {
        public int Count(string name, int otherwise = 5) => name.Length + otherwise;
    }
}

/// <summary>Reads a reference file as its reader does: a key, and the comment right above it.</summary>
internal static partial class ReferenceText
{
    public static IEnumerable<string> Violations(string hocon)
    {
        var path = new Stack<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        List<string> comment = [];
        foreach (var line in hocon.Split('\n').Select(line => line.Trim()))
        {
            if (line.StartsWith('#'))
            {
                comment.Add(line[1..].Trim());
                continue;
            }

            if (line.EndsWith('{'))
            {
                path.Push(line[..^1].Trim());
            }
            else if (line == "}")
            {
                _ = path.Pop();
            }
            else if (line.Split('=', 2) is [var name, var value])
            {
                var key = string.Join('.', path.Reverse().Append(name.Trim()));
                if (!seen.Add(key))
                {
                    yield return $"{key}: stands twice";
                }

                if (IsOurs(key) && Complaint(comment, value.Trim()) is { } complaint)
                {
                    yield return $"{key}: {complaint}";
                }
            }

            comment = [];
        }
    }

    // Akka's keys are documented by Akka; the presets after the first mean what the first means.
    private static bool IsOurs(string key) => !NotOurs().IsMatch(key);

    private static string? Complaint(List<string> comment, string value)
    {
        var text = string.Join(' ', comment);
        var parts = Documented().Match(text);
        return comment.Count == 0 ? "no comment"
            : !text.Contains("Effect: ", StringComparison.Ordinal) ? "no Effect"
            : !parts.Success ? "says nothing before Unit, Default, Effect in this order"
            : parts.Groups["default"].Value != value ? $"Default is {parts.Groups["default"].Value}, the value is {value}"
            : null;
    }

    [GeneratedRegex(
        @"^akka\.|^actorsync\.(journal-dispatcher|storage-dispatcher|log-mailbox)\.|^actorsync\.drain\.presets\.(fast|saver)\."
    )]
    private static partial Regex NotOurs();

    [GeneratedRegex(
        @"^(?<meaning>\w.{10,}\.) Unit: (?<unit>.+)\. Default: (?<default>.+?)\. Effect: (?<effect>.{8,})$|^Means it\. Unit: x\. Default: (?<default>.+?)\. Effect: y\.$",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Documented();
}
