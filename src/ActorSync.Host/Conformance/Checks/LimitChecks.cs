using System.Collections.Immutable;
using System.IO.Compression;
using System.Text;

namespace ActorSync.Host.Conformance.Checks;

/// <summary>Sizes, counts and encodings: what is at the bound is taken, what is over it is refused by name.</summary>
internal static class LimitChecks
{
    private const int MostBody = 4 << 20;
    private const int MostPayload = 1 << 20;
    private const int MostOperations = 1024;

    public static readonly ImmutableArray<Check> All =
    [
        new("limits.operations", "Push: up to 1,024 operations", "1,024 operations are taken, 1,025 are 400", OperationsAsync),
        new("limits.body", "Push: 4 MiB", "A body of 4 MiB is read, a longer one is 413 with limit_bytes", BodyAsync),
        new("limits.inflated", "Basics: what counts is the body after decompression", "A small gzip of a long body is 413", InflatedAsync),
        new("limits.gzip", "Basics: gzip", "A body in gzip is read", GzipAsync),
        new("limits.broken_gzip", "Basics: gzip", "A body that is not the gzip it says is 400", BrokenGzipAsync),
        new("limits.encoding", "Basics: any other encoding is 415", "Another Content-Encoding is 415 unsupported_encoding", EncodingAsync),
        new(
            "limits.payload",
            "Push: too_large (payload over 1 MiB)",
            "A payload of 1 MiB is taken, a longer one rejected alone",
            PayloadAsync
        ),
        new("limits.names", "An operation: bytes", "Names are bounded in bytes of UTF-8, and taken up to the bound", NamesAsync),
    ];

    private static async Task OperationsAsync(Session s)
    {
        var ops = Enumerable.Range(0, MostOperations + 1).Select(_ => s.Main.Noop().Json).ToArray();
        (await s.Main.SendAsync(ops, s.Main.Clock)).Refuses(400, "invalid_request");
        Pushed.Read(await s.Main.SendAsync(ops[1..], s.Main.Clock)).AllAccepted(MostOperations);
    }

    private static async Task BodyAsync(Session s)
    {
        var op = s.Main.Set();
        var body = s.Main.Envelope([op.Json], s.Main.Clock);
        var most = Encoding.UTF8.GetBytes(body.PadRight(MostBody - Encoding.UTF8.GetByteCount(body) + body.Length));
        Expect.Equal(MostBody, most.Length, "the size of the test's own body");
        Expect.That((await SendAsync(s, most)).AllAccepted(1).Of(op.Id).Duplicate is false, "the operation should be new");
        TooLarge(await s.Main.Caller.SendAsync(Push([.. most, (byte)' ']) with { Ask = true }));
    }

    private static async Task InflatedAsync(Session s)
    {
        var body = s.Main.Envelope([s.Main.Set().Json], s.Main.Clock);
        TooLarge(await s.Main.Caller.SendAsync(Push(Gzip(body.PadRight(MostBody + 1))) with { Encoding = "gzip" }));
        TooLarge(await s.Main.Caller.SendAsync(Push(Gzip(body.PadRight(16 * MostBody))) with { Encoding = "gzip" }));
    }

    private static async Task GzipAsync(Session s)
    {
        var ops = s.Main.Sets(50);
        var body = s.Main.Envelope(ops.Select(o => o.Json), s.Main.Clock);
        Pushed.Read(await s.Main.Caller.SendAsync(Push(Gzip(body)) with { Encoding = "gzip" })).AllAccepted(50);
    }

    private static async Task BrokenGzipAsync(Session s)
    {
        var body = s.Main.Envelope([s.Main.Set().Json], s.Main.Clock);
        foreach (var bytes in new[] { Encoding.UTF8.GetBytes(body), Gzip(body)[..^12] })
        {
            (await s.Main.Caller.SendAsync(Push(bytes) with { Encoding = "gzip" })).Refuses(400, "invalid_request");
        }

        Pushed.Read(await s.Main.Caller.SendAsync(Push(Gzip(body)) with { Encoding = "gzip" })).AllAccepted(1);
    }

    private static async Task EncodingAsync(Session s)
    {
        var op = s.Main.Set();
        var body = Encoding.UTF8.GetBytes(s.Main.Envelope([op.Json], s.Main.Clock));
        foreach (var encoding in new[] { "br", "deflate", "zstd", "x-unheard-of" })
        {
            (await s.Main.Caller.SendAsync(Push(body) with { Encoding = encoding })).Refuses(415, "unsupported_encoding");
        }

        Expect.That(await s.Main.FindAsync(op.Id) is null, "an operation of a refused push was stored");
    }

    private static async Task PayloadAsync(Session s)
    {
        var over = s.Main.Set(payload: $"\"{new string('x', MostPayload - 1)}\"");
        var most = s.Main.Set(payload: $"\"{new string('x', MostPayload - 2)}\"");
        var good = s.Main.Set();
        var body = s.Main.Envelope([over.Json, most.Json, good.Json], s.Main.Clock);
        var pushed = Pushed.Read(await s.Main.Caller.SendAsync(Push(Gzip(body)) with { Encoding = "gzip" }));
        pushed.Refusal(over.Id, "too_large");
        _ = (pushed.Of(most.Id), pushed.Of(good.Id));
    }

    private static async Task NamesAsync(Session s)
    {
        // Two bytes each: a hub that counts characters is seen.
        var (entity, entityId, field) = (Long(256), Long(1024), Long(256));
        var op = s.Main.Set();
        var most = op with { Entity = entity, EntityId = entityId, Field = field };
        var over = new[]
        {
            s.Main.Set() with
            {
                Entity = entity + "x",
            },
            s.Main.Set() with
            {
                EntityId = entityId + "x",
            },
            s.Main.Set() with
            {
                Field = field + "x",
            },
            s.Main.Set() with
            {
                Device = Long(128) + "x",
                Published = true,
            },
        };
        var pushed = await s.Main.PushAsync([most, .. over]);
        pushed.Of(most.Id);
        foreach (var one in over)
        {
            pushed.Refusal(one.Id, "invalid_request");
        }

        string Long(int bytes)
        {
            var unique = s.Way.Random(8);
            return unique + new string('é', (bytes - unique.Length) / 2);
        }
    }

    private static async Task<Pushed> SendAsync(Session s, byte[] body) => Pushed.Read(await s.Main.Caller.SendAsync(Push(body)));

    private static HubRequest Push(byte[] body) => new("POST", TestDevice.OpsPath) { Body = body };

    private static void TooLarge(Answer answer) =>
        Expect.Equal(MostBody, answer.Refuses(413, "too_large").Number("limit_bytes"), "limit_bytes");

    private static byte[] Gzip(string text)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(text));
        }

        return packed.ToArray();
    }
}
