using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

public sealed class DigestTests
{
    [Fact]
    public async Task The_digest_of_an_empty_account_is_the_hash_of_nothing()
    {
        await using var world = await HubWorld.StartAsync();
        var digest = (await (await world.JoinAsync()).GetAsync("/api/v1/sync/digest")).ShouldBe(200);
        digest.Number("cursor").ShouldBe(0);
        digest.Text("digest").ShouldBe(Convert.ToHexStringLower(SHA256.HashData([])));
        digest.Body["entities"]!.AsObject().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [Trait("criterion", "P5")]
    public async Task The_digest_is_that_of_the_merged_operations_in_whatever_order_they_came(int seed)
    {
        var random = new Random(seed);
        await using var world = await HubWorld.StartAsync();
        var reference = new List<(string Device, JsonObject Op)>();
        var devices = new List<HubDevice>();
        for (var i = 0; i < 3; i++)
        {
            devices.Add(await world.JoinAsync(deviceId: $"d{i}"));
        }

        for (var i = 0; i < 400; i++)
        {
            reference.Add(($"d{random.Next(3)}", Any(random)));
        }

        // Twice in different orders, pushed in pieces, with a digest asked for in between.
        foreach (var account in new[] { "ada", "bob" })
        {
            var relayer = await world.JoinAsync(account, "relayer");
            foreach (var id in new[] { "d0", "d1", "d2" })
            {
                await world.JoinAsync(account, id);
            }

            var order = reference.ToArray();
            random.Shuffle(order);
            foreach (var piece in order.Chunk(70))
            {
                var ops = piece.Select(p => p.Op.Published(p.Device)).ToArray();
                (await relayer.PushAsync(1, ops)).ShouldBe(200).Accepted.Count.ShouldBe(piece.Length);
                if (random.Next(2) == 0)
                {
                    (await relayer.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
                }
            }

            var digest = (await relayer.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
            digest.Number("cursor").ShouldBe(400);
            var rows = Reference.Rows(reference);
            digest.Text("digest").ShouldBe(Reference.Hash(rows));
            var entities = digest.Body["entities"]!.AsObject();
            entities.Select(e => e.Key).ShouldBe(rows.Select(r => r.Entity).Distinct(StringComparer.Ordinal));
            foreach (var (entity, hex) in entities)
            {
                hex!.GetValue<string>().ShouldBe(Reference.Hash(rows.Where(r => r.Entity == entity)));
            }
        }
    }

    [Fact]
    public async Task A_raised_stamp_counts_in_the_digest()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var op = Op.Set(1);
        (await device.PushAsync(3, op, Op.Set(3))).ShouldBe(200);
        (await device.GetAsync("/api/v1/sync/digest")).ShouldBe(200);
        (await device.PushAsync(5, op.With("lamport_ts", 5).With("published", true))).ShouldBe(200);
        var digest = await device.GetAsync("/api/v1/sync/digest");
        digest.Number("cursor").ShouldBe(3);
        digest.Text("digest").ShouldBe(Reference.Hash([new Reference.Row("playlist", "p1", "R", "title", "\"x\"", 5, device.Id, op.Id())]));
    }

    internal static JsonObject Any(Random random)
    {
        string?[] fields = [null, null, "a", "b", "", "a\0b"];
        string[] payloads = ["{\"a\":1,\"b\":\"ü\"}", "{\"b\":null}", "7", "{\"a\":{\"y\":1,\"x\":[]}}", "{}", "{\"\\u0000\":1}"];
        string[] names = ["n", "n\0", "n\0\u0001", "n\u0001", "na", "ö", "\uffff", "😀"];
        return Op.Set(random.Next(1, 30), names[random.Next(names.Length)], payloads[random.Next(payloads.Length)])
            .With("entity", names[random.Next(3)])
            .With("field", fields[random.Next(fields.Length)])
            .With("op", new[] { "set", "insert", "delete", "noop", "set", "set" }[random.Next(6)]);
    }
}
