using System.IO.Compression;
using System.Net.Sockets;
using System.Text;
using ActorSync.Hub;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hub;

/// <summary>What the hub does with callers that are wrong, odd or hostile.</summary>
public sealed class BoundsTests
{
    private const int Limit = 4 << 20;

    [Fact]
    public async Task Health_and_ready_need_no_token()
    {
        await using var world = await HubWorld.StartAsync();
        var health = await GetAsync(world, "/health");
        health.ShouldBe(200);
        health.Text("status").ShouldBe("ok");
        health.Number("protocol").ShouldBe(1);
        health.Text("version").ShouldNotBeNullOrEmpty();
        (await GetAsync(world, "/ready")).ShouldBe(200).Text("status").ShouldBe("ready");
    }

    [Theory]
    [InlineData("GET", "/", 404, "not_found")]
    [InlineData("GET", "/api/v1/sync/snapshots", 404, "not_found")]
    [InlineData("POST", "/api/v1/sync/snapshot", 405, "method_not_allowed")]
    [InlineData("GET", "/api/v1/sync/ops/a/b", 404, "not_found")]
    [InlineData("PUT", "/api/v1/sync/ops", 405, "method_not_allowed")]
    [InlineData("POST", "/health", 405, "method_not_allowed")]
    [InlineData("DELETE", "/api/v1/sync/ops/018f3c5a-7b00-7000-8000-000000000001", 405, "method_not_allowed")]
    public async Task What_is_not_there_is_refused_in_json(string method, string path, int status, string error)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var answer = (await device.SendAsync(new HttpMethod(method), path, null)).ShouldBe(status, error);
        answer.Headers.TryGetValues("X-Request-Id", out var ids).ShouldBeTrue();
        ids!.Single().ShouldNotBeNullOrEmpty();
    }

    [Theory]
    [InlineData("abc-1.2_3:4", "abc-1.2_3:4")]
    [InlineData("<a b>\"", "ab")]
    public async Task The_request_id_is_echoed_without_what_could_harm(string sent, string echoed)
    {
        await using var world = await HubWorld.StartAsync();
        var client = world.Client();
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", sent);
        using var response = await client.GetAsync("/health");
        response.Headers.GetValues("X-Request-Id").Single().ShouldBe(echoed);
        client.DefaultRequestHeaders.Remove("X-Request-Id");
        client.DefaultRequestHeaders.TryAddWithoutValidation("X-Request-Id", new string('x', 500));
        using var longer = await client.GetAsync("/health");
        longer.Headers.GetValues("X-Request-Id").Single().ShouldBe(new string('x', 128));
    }

    [Fact]
    public async Task A_gzip_body_is_read()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var body = Encoding.UTF8.GetBytes(device.Envelope(1, Op.Set(1)).ToJsonString());
        (await PushAsync(device, Zip(body), "gzip")).ShouldBe(200).Accepted.Count.ShouldBe(1);
        (await PushAsync(device, body, "identity")).ShouldBe(200);
        (await PushAsync(device, body, "gzip")).ShouldBe(400, "invalid_request");
        (await PushAsync(device, Zip(body)[..^20], "gzip")).ShouldBe(400, "invalid_request");
    }

    [Theory]
    [InlineData("br")]
    [InlineData("gzip, gzip")]
    public async Task Another_encoding_is_415(string encoding)
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        (await PushAsync(device, "{}"u8.ToArray(), encoding)).ShouldBe(415, "unsupported_encoding");
    }

    [Fact]
    [Trait("criterion", "X3")]
    public async Task A_body_of_4_MiB_is_read_and_one_byte_more_is_413()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var body = Encoding.UTF8.GetBytes(device.Envelope(1, Op.Set(1)).ToJsonString());
        var padded = new byte[Limit];
        padded.AsSpan().Fill((byte)' ');
        body.CopyTo(padded, 0);
        (await PushAsync(device, padded, null)).ShouldBe(200);
        (await PushAsync(device, Zip(padded), "gzip")).ShouldBe(200);
        byte[] longer = [.. padded, (byte)' '];
        (await PushAsync(device, longer, null)).ShouldBe(413, "too_large").Number("limit_bytes").ShouldBe(Limit);
        (await PushAsync(device, Zip(longer), "gzip")).ShouldBe(413, "too_large");
    }

    [Fact]
    [Trait("criterion", "D12")]
    public async Task Who_sends_far_too_much_is_told_and_not_cut_off_while_sending()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        for (var i = 0; i < 10; i++)
        {
            (await PushAsync(device, new byte[(3 * Limit) + i], null)).ShouldBe(413, "too_large");
            (await device.PushAsync(null)).ShouldBe(200);
        }
    }

    [Fact]
    [Trait("criterion", "X3")]
    public async Task A_body_that_does_not_end_is_cut_off_at_the_limit()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(world.Hub.Addresses[0].Host, world.Hub.Addresses[0].Port);
        await using var stream = tcp.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /api/v1/sync/ops HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer {device.Token}\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
        );
        var chunk = Encoding.ASCII.GetBytes($"10000\r\n{new string(' ', 0x10000)}\r\n");
        var sent = 0L;
        var answer = new byte[4096];
        try
        {
            // A gigabyte, if it were read.
            for (var i = 0; i < 16_384; i++)
            {
                await stream.WriteAsync(chunk);
                sent += chunk.Length;
            }
        }
        catch (IOException)
        {
            // The hub has closed the connection.
        }

        sent.ShouldBeLessThan(64L << 20);
        (await device.PushAsync(1, Op.Set(1))).ShouldBe(200);
    }

    [Fact]
    [Trait("criterion", "I15")]
    public async Task Bodies_together_are_bounded_and_too_many_are_503()
    {
        await using var world = await HubWorld.StartAsync(new HubLimits { BufferedBytes = 512 << 10 });
        var device = await world.JoinAsync();
        var large = device.Envelope(1, Op.Set(1, payload: $"\"{new string('x', 900_000)}\""));
        var refused = (await device.PushAsync(large)).ShouldBe(503, "unavailable");
        refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds.ShouldBe(1);

        // What was held is given back.
        for (var i = 0; i < 8; i++)
        {
            (await device.PushAsync(1, Op.Set(1, payload: $"\"{new string('x', 100_000)}\"", entityId: $"p{i}"))).Status.ShouldBeOneOf(
                200,
                409
            );
        }
    }

    [Fact]
    [Trait("criterion", "X3")]
    public async Task Deep_json_is_a_fault_of_its_operation_and_kills_nothing()
    {
        await using var world = await HubWorld.StartAsync();
        var device = await world.JoinAsync();
        var deep = new string('[', 500_000) + new string(']', 500_000);
        var op = Op.Set(1).Without("payload").ToJsonString()[..^1];
        var body = $"{{\"device_id\":\"{device.Id}\",\"clock\":1,\"ops\":[{op},\"payload\":{deep}}}]}}";
        var answer = await PushAsync(device, Encoding.UTF8.GetBytes(body), null);
        answer.ShouldBe(200).Rejected.Single()!["error"]!.GetValue<string>().ShouldBe("invalid_payload");
        (await PushAsync(device, Encoding.UTF8.GetBytes(new string('[', 3_000_000)), null)).ShouldBe(400, "invalid_request");
    }

    [Fact]
    public async Task A_fault_of_the_hub_itself_is_500_in_json()
    {
        await using var world = await HubWorld.StartAsync();
        var code = (await world.Hub.CreatePairingCodeAsync("ada")).Code;
        var client = world.Client();
        var redeem = new StringContent($"{{\"code\":\"{code}\",\"device_id\":\"x\",\"nonce\":\"n\"}}");
        var granted = await Answer.ReadAsync(await client.PostAsync("/v1/auth/devices/redeem", redeem));
        var refresh = $"{{\"refresh_token\":\"{granted.Text("refresh_token")}\",\"device_id\":\"x\"}}";

        // 32 bytes: the next refresh token.
        world.Chance.FailOn = 32;
        (await Answer.ReadAsync(await client.PostAsync("/v1/auth/refresh", new StringContent(refresh)))).ShouldBe(500, "internal");
        world.Chance.FailOn = 0;
        (await Answer.ReadAsync(await client.PostAsync("/v1/auth/refresh", new StringContent(refresh)))).ShouldBe(200);
    }

    private static async Task<Answer> GetAsync(HubWorld world, string path) => await Answer.ReadAsync(await world.Client().GetAsync(path));

    private static Task<Answer> PushAsync(HubDevice device, byte[] body, string? encoding)
    {
        var content = new ByteArrayContent(body);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return device.SendAsync(HttpMethod.Post, "/api/v1/sync/ops", content);
    }

    internal static byte[] Zip(byte[] plain)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            gzip.Write(plain);
        }

        return zipped.ToArray();
    }
}
