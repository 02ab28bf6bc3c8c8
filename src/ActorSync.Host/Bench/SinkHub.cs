using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using ActorSync.Model;
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
        var log = new Log();
        app.MapPost(
            "/api/v1/sync/ops",
            async context =>
            {
                var body = await ReadAsync(context.Request, stop).ConfigureAwait(false);
                var answer = new ArrayBufferWriter<byte>(128 * 1024);
                Answer(body, answer, log);
                context.Response.ContentType = "application/json";
                context.Response.ContentLength = answer.WrittenCount;
                await context.Response.BodyWriter.WriteAsync(answer.WrittenMemory, stop).ConfigureAwait(false);
            }
        );
        // An account that nobody else writes to: there is nothing to fetch.
        app.MapGet(
            "/api/v1/sync/snapshot",
            context =>
                SayAsync(context, $$"""{"cursor":0,"head":"{{new Log().Head}}","clock":0,"rows":[],"count":0,"digest":"{{Empty}}"}""", stop)
        );
        app.MapGet(
            "/api/v1/sync/ops",
            context => SayAsync(context, $$"""{"ops":[],"last_id":{{log.LastId}},"head":"{{log.Head}}","has_more":false}""", stop)
        );
        app.MapPost(
            "/api/v1/sync/ack",
            static context =>
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return Task.CompletedTask;
            }
        );
        app.MapGet(
            "/v1/auth/me",
            context =>
            {
                var device = BenchToken.DeviceOf(context.Request.Headers.Authorization.ToString()["Bearer ".Length..]);
                return SayAsync(
                    context,
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

    /// <summary>The digest of no rows.</summary>
    private static string Empty { get; } = Convert.ToHexStringLower(SHA256.HashData([]));

    private static Task SayAsync(HttpContext context, string json, CancellationToken stop)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, stop);
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

    private static void Answer(ReadOnlyMemory<byte> body, ArrayBufferWriter<byte> answer, Log log)
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
                json.WriteNumber("id"u8, log.Add(id, reader.GetInt64()));
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
        json.WriteNumber("last_id"u8, log.LastId);
        json.WriteString("head"u8, log.Head);
        json.WriteStartObject("receipt"u8);
        json.WriteString("device_id"u8, "bench"u8);
        json.WriteNumber("highest_lamport"u8, highest);
        json.WriteNumber("count"u8, count);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Ids and the chain of heads: the one thing of a log that a device checks. One request at a time, as both sides of the comparison send.</summary>
    private sealed class Log
    {
        private readonly byte[] _head = new byte[HeadChain.Bytes];

        public long LastId { get; private set; }

        public string Head => HeadChain.ToHex(_head);

        public long Add(Guid operation, long lamport)
        {
            Span<byte> id = stackalloc byte[OperationId.Bytes];
            new OperationId(operation).WriteTo(id);
            HeadChain.Next(_head, ++LastId, id, lamport, _head);
            return LastId;
        }
    }
}
