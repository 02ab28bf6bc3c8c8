using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Model;

public sealed class DigestAndHeadTests
{
    private const string OfNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    [Fact]
    public void The_digest_of_nothing_is_the_hash_of_nothing()
    {
        using var digest = new ReplicaDigest();
        var (whole, entities) = digest.Finish();
        whole.ShouldBe(OfNothing);
        entities.ShouldBeEmpty();
    }

    [Fact]
    public void The_digest_is_the_hash_of_the_rows_parts_each_with_its_length()
    {
        Row[] rows =
        [
            new("album", "1", 'D', "", "", 9, "device-a"),
            new("album", "1", 'R', "title", "\"Ü\"", 12, "device-b"),
            new("playlist", "p", 'R', "", "null", 9_007_199_254_740_991, "device-a"),
            new("playlist", "p", 'R', "big", $"\"{new string('x', 200_000)}\"", 1, "device-a"),
            new("playlist", "q", 'R', "", "1", 2, "device-a"),
        ];
        using var digest = new ReplicaDigest();
        for (var round = 0; round < 2; round++)
        {
            foreach (var row in rows)
            {
                row.AddTo(digest);
            }

            var (whole, entities) = digest.Finish();
            whole.ShouldBe(Hash(rows));
            entities.Keys.ShouldBe(["album", "playlist"]);
            entities["album"].ShouldBe(Hash(rows[..2]));
            entities["playlist"].ShouldBe(Hash(rows[2..]));
        }
    }

    [Fact]
    public void Rows_out_of_order_are_refused()
    {
        using var digest = new ReplicaDigest();
        new Row("b", "1", 'D', "", "", 1, "d").AddTo(digest);
        Should.Throw<InvalidOperationException>(() => new Row("a", "1", 'D', "", "", 1, "d").AddTo(digest));
    }

    [Fact]
    public void Adding_a_row_allocates_nothing()
    {
        using var digest = new ReplicaDigest();
        var row = new Row("character", "123@writer-1", 'R', "value", "\"x\"", 123, "device-a");
        byte[] entity = [.. Encoding.UTF8.GetBytes(row.Entity)];
        digest.Add(entity, entity, ReplicaDigest.Register, entity, entity, 1, entity);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 2_000; i++)
        {
            digest.Add(entity, entity, ReplicaDigest.Register, entity, entity, i, entity);
        }

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    [Fact]
    public void A_head_is_the_hash_of_the_head_before_it_and_what_was_accepted()
    {
        Span<byte> id = stackalloc byte[16];
        OperationId.TryParse("018f3c5a-7b00-7000-8000-000000000001", out var operation).ShouldBeTrue();
        operation.WriteTo(id);
        Span<byte> head = stackalloc byte[32];
        HeadChain.Next(HeadChain.Genesis, 1, id, 42, head);
        HeadChain.ToHex(head).ShouldBe(Link(new byte[32], 1, "018f3c5a7b0070008000000000000001", 42));

        // In place, as the hub does it.
        HeadChain.Next(head, 2, id, 43, head);
        HeadChain
            .ToHex(head)
            .ShouldBe(
                Link(
                    Convert.FromHexString(Link(new byte[32], 1, "018f3c5a7b0070008000000000000001", 42)),
                    2,
                    "018f3c5a7b0070008000000000000001",
                    43
                )
            );
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("00", false)]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000", true)]
    [InlineData("000000000000000000000000000000000000000000000000000000000000000g", false)]
    public void A_head_is_read_from_64_hex_digits(string hex, bool readable) => HeadChain.TryParse(hex, new byte[32]).ShouldBe(readable);

    private static string Link(byte[] previous, long id, string operation, long lamport)
    {
        using var bytes = new MemoryStream();
        bytes.Write(previous);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, id);
        bytes.Write(number);
        bytes.Write(Convert.FromHexString(operation));
        BinaryPrimitives.WriteInt64BigEndian(number, lamport);
        bytes.Write(number);
        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }

    private static string Hash(IEnumerable<Row> rows)
    {
        using var bytes = new MemoryStream();
        foreach (var row in rows)
        {
            foreach (
                var part in new[]
                {
                    row.Entity,
                    row.EntityId,
                    row.Kind.ToString(),
                    row.Register,
                    row.Value,
                    row.Lamport.ToString(),
                    row.Device,
                }
            )
            {
                var text = Encoding.UTF8.GetBytes(part);
                bytes.Write(BitConverter.GetBytes(text.Length));
                bytes.Write(text);
            }
        }

        return Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray()));
    }

    private sealed record Row(string Entity, string EntityId, char Kind, string Register, string Value, long Lamport, string Device)
    {
        public void AddTo(ReplicaDigest digest) =>
            digest.Add(
                Encoding.UTF8.GetBytes(Entity),
                Encoding.UTF8.GetBytes(EntityId),
                (byte)Kind,
                Encoding.UTF8.GetBytes(Register),
                Encoding.UTF8.GetBytes(Value),
                Lamport,
                Encoding.UTF8.GetBytes(Device)
            );
    }
}
