using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace ActorSync.Host.Bench;

/// <summary>A hub that parses and answers, and keeps nothing: what is measured against it is the device. Runs in a process of its own.</summary>
internal static class SinkHub
{
    /// <summary>What a sink prints when it listens, before its address.</summary>
    public const string Ready = "sink ";

    public static async Task RunAsync(TextWriter output, CancellationToken stop)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0);
            kestrel.Limits.MaxRequestBodySize = 16 << 20;
        });
        await using var app = builder.Build();
        long lastId = 0;
        app.MapPost(
            "/api/v1/sync/ops",
            async context =>
            {
                var body = await ReadAsync(context.Request, stop).ConfigureAwait(false);
                var answer = new ArrayBufferWriter<byte>(128 * 1024);
                Answer(body, answer, ref lastId);
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = answer.WrittenCount;
                await context.Response.BodyWriter.WriteAsync(answer.WrittenMemory, stop).ConfigureAwait(false);
            }
        );
        app.MapGet(
            "/v1/auth/me",
            context =>
            {
                var device = BenchToken.DeviceOf(context.Request.Headers.Authorization.ToString()["Bearer ".Length..]);
                context.Response.ContentType = "application/json";
                return context.Response.WriteAsync(
                    $$"""{"account":"bench","handle":"bench","device_id":"{{device}}","token_expires_at":"2099-01-01T00:00:00Z"}""",
                    stop
                );
            }
        );
        await app.StartAsync(stop).ConfigureAwait(false);
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        await output.WriteLineAsync(Ready + address).ConfigureAwait(false);
        await output.FlushAsync(stop).ConfigureAwait(false);
        await app.WaitForShutdownAsync(stop).ConfigureAwait(false);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, CancellationToken stop)
    {
        if (request.Headers.ContentEncoding != "gzip")
        {
            using var plain = new MemoryStream((int)(request.ContentLength ?? 1 << 20));
            await request.Body.CopyToAsync(plain, stop).ConfigureAwait(false);
            return plain.GetBuffer().AsMemory(0, (int)plain.Length);
        }

        using var inflated = new MemoryStream(1 << 20);
        await using var gzip = new GZipStream(request.Body, CompressionMode.Decompress);
        await gzip.CopyToAsync(inflated, stop).ConfigureAwait(false);
        return inflated.GetBuffer().AsMemory(0, (int)inflated.Length);
    }

    private static void Answer(ReadOnlyMemory<byte> body, ArrayBufferWriter<byte> answer, ref long lastId)
    {
        using var json = new Utf8JsonWriter(answer, new JsonWriterOptions { SkipValidation = true });
        json.WriteStartObject();
        json.WriteStartArray("accepted"u8);
        var reader = new Utf8JsonReader(body.Span);
        Guid id = default;
        long highest = 0;
        long count = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == 3 && reader.ValueTextEquals("operation_id"u8))
            {
                reader.Read();
                id = reader.GetGuid();
            }
            else if (reader.CurrentDepth == 3 && reader.ValueTextEquals("lamport_ts"u8))
            {
                reader.Read();
                highest = Math.Max(highest, reader.GetInt64());
                json.WriteStartObject();
                json.WriteString("operation_id"u8, id);
                json.WriteNumber("id"u8, Interlocked.Increment(ref lastId));
                json.WriteNumber("lamport_ts"u8, reader.GetInt64());
                json.WriteBoolean("duplicate"u8, false);
                json.WriteEndObject();
                count++;
            }
            else if (reader.ValueTextEquals("payload"u8))
            {
                reader.Read();
                reader.Skip();
            }
        }

        json.WriteEndArray();
        json.WriteStartArray("rejected"u8);
        json.WriteEndArray();
        json.WriteNumber("last_id"u8, Interlocked.Read(ref lastId));
        json.WriteString("head"u8, "0000000000000000000000000000000000000000000000000000000000000000"u8);
        json.WriteStartObject("receipt"u8);
        json.WriteString("device_id"u8, "bench"u8);
        json.WriteNumber("highest_lamport"u8, highest);
        json.WriteNumber("count"u8, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
