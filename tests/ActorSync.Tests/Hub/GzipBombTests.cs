using System.IO.Compression;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>What a body costs that is small on the wire and huge inside.</summary>
[Collection(Alone.Name)]
public sealed class GzipBombTests
{
    private const int Limit = 4 << 20;
    private const int Attempts = 5;

    [Fact]
    [Trait("criterion", "X3")]
    public async Task A_gzip_bomb_is_413_and_costs_no_more_than_the_limit()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var bomb = Bomb(256 << 20);
        bomb.Length.ShouldBeLessThan(Limit);
        (await PushAsync(device, bomb)).ShouldBe(413, "too_large").Number("limit_bytes").ShouldBe(Limit);

        // The counter is the process's: the cheapest of a few attempts is what the bomb itself costs.
        var cheapest = long.MaxValue;
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var before = GC.GetTotalAllocatedBytes(precise: true);
            (await PushAsync(device, bomb)).ShouldBe(413, "too_large");
            cheapest = Math.Min(cheapest, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        cheapest.ShouldBeLessThan(24L << 20);
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
    }

    private static Task<Answer> PushAsync(HubDevice device, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Encoding", "gzip");
        return device.SendAsync(HttpMethod.Post, "/api/v1/sync/ops", content);
    }

    private static byte[] Bomb(long size)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            var zeros = new byte[1 << 20];
            for (var written = 0L; written < size; written += zeros.Length)
            {
                gzip.Write(zeros);
            }
        }

        return zipped.ToArray();
    }
}
