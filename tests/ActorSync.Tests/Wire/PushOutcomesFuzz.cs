using System.Text;
using System.Text.Json;
using ActorSync.Journal;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Wire;

/// <summary>Random answers, cut and mangled, judged by another JSON reader than the one under test.</summary>
[Trait("criterion", "D3")]
[Trait("invariant", "I8")]
[Trait("invariant", "I17")]
public sealed class PushOutcomesFuzz
{
    private const int Answers = 400;

    [Fact]
    public void A_cut_answer_names_nothing()
    {
        var random = new Random(11);
        for (var i = 0; i < Answers; i++)
        {
            var (batch, body) = Honest(random);
            var cut = body[..random.Next(body.Length)];
            PushOutcomes.Read(Reply(cut), batch, 0, batch.Count).ShouldBeOfType<PushOutcome.Failed>();
        }
    }

    [Fact]
    public void An_honest_answer_is_read_as_another_reader_reads_it()
    {
        var random = new Random(12);
        for (var i = 0; i < Answers; i++)
        {
            var (batch, body) = Honest(random);
            Compare(batch, body, PushOutcomes.Read(Reply(body), batch, 0, batch.Count).ShouldBeOfType<PushOutcome.Named>().Result);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_mangled_answer_never_throws_and_names_only_what_it_holds(int seed)
    {
        var random = new Random(seed);
        var named = 0;
        for (var i = 0; i < Answers * 10; i++)
        {
            var (batch, body) = Honest(random);
            Mangle(random, ref body, batch);
            if (PushOutcomes.Read(Reply(body), batch, 0, batch.Count) is PushOutcome.Named { Result: var result })
            {
                named++;
                Compare(batch, body, result);
            }
        }

        named.ShouldBeInRange(Answers / 10, Answers * 9, "some stay readable, some do not: else this shows nothing");
    }

    [Fact]
    public void Garbage_of_any_status_never_throws()
    {
        var random = new Random(13);
        var batch = Batches.Of(3);
        for (var i = 0; i < 5_000; i++)
        {
            var body = new byte[random.Next(200)];
            random.NextBytes(body);
            var reply = new HubReply.Answered(
                random.Next(100, 600),
                body,
                random.Next(2) == 0,
                random.Next(3) == 0 ? "lamport_regression" : null,
                null,
                null
            );
            PushOutcomes.Read(reply, batch, 0, 3).ShouldNotBeOfType<PushOutcome.Named>();
        }
    }

    private static (PushBatch Batch, byte[] Body) Honest(Random random)
    {
        var batch = Batches.Of(random.Next(1, 12), random.Next());
        var accepted = new List<string>();
        var rejected = new List<string>();
        foreach (var row in Enumerable.Range(0, batch.Count).OrderBy(i => random.Next(4) == 0 ? random.Next(batch.Count) : i))
        {
            switch (random.Next(6))
            {
                case 0:
                    rejected.Add(Batches.Rejected(batch, row));
                    break;
                case 1:
                    break;
                case 2:
                    accepted.Add(Batches.Accepted(batch.IdAt(row), 50 + row, 7, duplicate: true));
                    break;
                default:
                    accepted.Add(Batches.Accepted(batch, row));
                    break;
            }
        }

        return (
            batch,
            Encoding.UTF8.GetBytes(Batches.Answer(string.Join(',', accepted), string.Join(',', rejected), ""","future":{"a":[1,2]}"""))
        );
    }

    private static void Mangle(Random random, ref byte[] body, PushBatch batch)
    {
        for (var times = random.Next(1, 4); times > 0; times--)
        {
            var (at, length) = (random.Next(body.Length), random.Next(1, 60));
            var end = Math.Min(body.Length, at + length);
            body = random.Next(6) switch
            {
                0 => [.. body[..at], .. body[end..]],
                1 => [.. body[..end], .. body[at..end], .. body[end..]],
                2 => [.. body[..at], (byte)random.Next(256), .. body[Math.Min(body.Length, at + 1)..]],
                3 => [.. body[..at], (byte)(body[at] ^ (1 << random.Next(8))), .. body[Math.Min(body.Length, at + 1)..]],
                4 => [.. body[..at], .. Encoding.UTF8.GetBytes(batch.IdAt(random.Next(batch.Count)).ToString()), .. body[at..]],
                _ => Encoding.UTF8.GetBytes(
                    Encoding
                        .UTF8.GetString(body)
                        .Replace("\"accepted\"", random.Next(2) == 0 ? "\"rejected\"" : "\"accepte\"", StringComparison.Ordinal)
                ),
            };
        }
    }

    private static void Compare(PushBatch batch, byte[] body, PushResult result)
    {
        using var json = JsonDocument.Parse(body);
        var accepted = Ids(json, "accepted");
        var rejected = Ids(json, "rejected");
        result.Accepted.Select(one => batch.IdAt(one.Index).ToString()).ShouldBe(Ours(accepted), ignoreOrder: true);
        result.Rejected.Select(one => batch.IdAt(one.Index).ToString()).ShouldBe(Ours(rejected), ignoreOrder: true);
        result.Unknown.ShouldBe(accepted.Concat(rejected).Count(id => !IsOurs(id)));

        bool IsOurs(string id) => Enumerable.Range(0, batch.Count).Any(i => batch.IdAt(i).ToString() == id);

        IEnumerable<string> Ours(IEnumerable<string> ids) => ids.Where(IsOurs).Distinct(StringComparer.Ordinal);
    }

    private static List<string> Ids(JsonDocument json, string list) =>
        json.RootElement.TryGetProperty(list, out var items)
            ? [.. items.EnumerateArray().Select(item => item.GetProperty("operation_id").GetString()!.ToLowerInvariant())]
            : [];

    private static HubReply.Answered Reply(byte[] body) => new(200, body, IsJson: true, null, null, null);
}
