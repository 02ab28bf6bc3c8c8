using System.Text;
using System.Text.Json;
using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Model;

/// <summary>The vectors that PROTOCOL.md publishes hold for our code.</summary>
public sealed class ProtocolVectorTests
{
    private const string Arrow = "  ->  ";

    [Fact]
    public void The_published_canonical_forms_are_ours()
    {
        var vectors = Block("vectors-canonical").Select(Split).ToArray();
        vectors.Length.ShouldBeGreaterThan(5);
        foreach (var (json, expected) in vectors)
        {
            var read = CanonicalJson.TryNormalize(Encoding.UTF8.GetBytes(json), out var canonical, out _);
            (read ? Encoding.UTF8.GetString(canonical.Span) : "refused").ShouldBe(expected, customMessage: json);
        }
    }

    [Fact]
    public void The_published_digests_are_ours()
    {
        var lines = Block("vectors-digest");
        var rows = lines.Where(l => l.StartsWith('{')).Select(l => JsonDocument.Parse(l).RootElement).ToArray();
        var expected = lines.Where(l => !l.StartsWith('{')).Select(Split).ToDictionary(v => v.Left, v => v.Right, StringComparer.Ordinal);
        using var digest = new ReplicaDigest();
        digest.Finish().Digest.ShouldBe(expected["nothing"]);
        foreach (var row in rows)
        {
            digest.Add(
                Utf8(row, "entity"),
                Utf8(row, "entity_id"),
                Utf8(row, "kind")[0],
                Utf8(row, "register"),
                Utf8(row, "value"),
                row.GetProperty("lamport_ts").GetInt64(),
                Utf8(row, "device_id")
            );
        }

        var (whole, entities) = digest.Finish();
        whole.ShouldBe(expected["all"]);
        entities.Count.ShouldBe(expected.Count - 2);
        foreach (var (entity, hex) in entities)
        {
            hex.ShouldBe(expected[entity]);
        }
    }

    [Fact]
    public void The_published_heads_are_ours()
    {
        var vectors = Block("vectors-head").Select(Split).ToArray();
        vectors.Length.ShouldBeGreaterThan(2);
        var head = HeadChain.Genesis.ToArray();
        var identity = new byte[OperationId.Bytes];
        foreach (var (link, expected) in vectors)
        {
            var parts = link.Split("  ");
            OperationId.TryParse(parts[1], out var operation).ShouldBeTrue();
            operation.WriteTo(identity);
            HeadChain.Next(head, long.Parse(parts[0]), identity, long.Parse(parts[2]), head);
            HeadChain.ToHex(head).ShouldBe(expected);
        }
    }

    private static byte[] Utf8(JsonElement row, string part) => Encoding.UTF8.GetBytes(row.GetProperty(part).GetString()!);

    internal static (string Left, string Right) Split(string line)
    {
        var at = line.IndexOf(Arrow, StringComparison.Ordinal);
        return (line[..at], line[(at + Arrow.Length)..]);
    }

    internal static List<string> Block(string name)
    {
        var lines = File.ReadAllLines(Path.Combine(Root(), "src", "ActorSync", "Wire", "PROTOCOL.md"));
        var block = lines.SkipWhile(l => l != $"```{name}").Skip(1).TakeWhile(l => l != "```").ToList();
        block.ShouldNotBeEmpty(name);
        return block;
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "ActorSync.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("the tests do not run inside the repository");
        }

        return folder.FullName;
    }
}
