using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Architecture;

public partial class ApprovalTests
{
    [Fact]
    public void The_conversations_are_the_approved_ones() =>
        ApiText.Of(Conversations(), everything: true).ShouldBeApproved("protocol.approved.txt");

    [Fact]
    public void The_public_API_is_the_approved_one() =>
        ApiText
            .Of(TypeUses.Written(typeof(SyncRuntime).Assembly).Where(type => type.IsPublic), everything: false)
            .ShouldBeApproved("api.approved.txt");

    [Fact]
    public void Every_file_of_a_conversation_is_looked_at()
    {
        var names = Conversations().Select(type => type.Name).ToList();

        names.ShouldContain(name => name == "JournalProtocol");
        names.ShouldContain(name => name == "PushOutcome");
        Repository
            .Sources("src")
            .Count(path => path.EndsWith("Protocol.cs", StringComparison.Ordinal))
            .ShouldBeLessThanOrEqualTo(names.Count);
    }

    [Fact]
    public void A_planted_change_of_a_message_is_seen()
    {
        var before = Planted(typeof(Before.PlantedProtocol));
        var after = Planted(typeof(After.PlantedProtocol));

        Approved
            .Difference(before, after)
            .ShouldBe(
                [
                    "-   PlantedProtocol.Said.Count : Int32 { get, init }",
                    "-   PlantedProtocol.Said.new(String Text, Int32 Count)",
                    "-   PlantedProtocol.Way.Up = 0",
                    "+   PlantedProtocol.Said.Count : Int64? { get, init }",
                    "+   PlantedProtocol.Said.new(String? Text, Int64? Count)",
                    "+   PlantedProtocol.Way.Up = 1",
                    "+ sealed class PlantedProtocol.Heard",
                    "+   PlantedProtocol.Heard.new()",
                    "-   PlantedProtocol.Said.Text : String { get, init }",
                    "+   PlantedProtocol.Said.Text : String? { get, init }",
                ],
                ignoreOrder: true
            );
    }

    private static List<string> Planted(Type protocol) =>
        [.. ApiText.Of([protocol], everything: true).Select(line => Regex.Replace(line, @"ApprovalTests\.\w+\.", ""))];

    // Everything that a *Protocol.cs declares, also what stands beside its static class.
    private static IEnumerable<Type> Conversations()
    {
        var declared = Repository
            .Sources("src/ActorSync")
            .Where(path => path.EndsWith("Protocol.cs", StringComparison.Ordinal))
            .SelectMany(path =>
            {
                var code = CodeText.Of(Repository.Read(path));
                var space = Namespace().Match(code).Groups["name"].Value;
                return Declared().Matches(code).Select(match => $"{space}.{match.Groups["name"].Value}");
            })
            .ToHashSet(StringComparer.Ordinal);
        return TypeUses.Written(typeof(SyncRuntime).Assembly).Where(type => declared.Contains(type.FullName!.Split('`')[0]));
    }

    [GeneratedRegex(@"(?m)^namespace (?<name>[\w.]+);", RegexOptions.ExplicitCapture)]
    private static partial Regex Namespace();

    [GeneratedRegex(
        @"(?m)^(public|internal) ([a-z]+ )*(class|record struct|record|interface|enum|struct) (?<name>\w+)",
        RegexOptions.ExplicitCapture
    )]
    private static partial Regex Declared();

    private static class Before
    {
        public static class PlantedProtocol
        {
            public enum Way
            {
                Up,
            }

            public sealed record Said(string Text, int Count);
        }
    }

    private static class After
    {
        public static class PlantedProtocol
        {
            public enum Way
            {
                Up = 1,
            }

            public sealed record Said(string? Text, long? Count);

            public sealed record Heard;
        }
    }
}
