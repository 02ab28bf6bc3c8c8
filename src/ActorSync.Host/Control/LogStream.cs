using System.Buffers;
using System.Text.Json;
using ActorSync.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using static ActorSync.Diagnostics.ActorLogProtocol;

namespace ActorSync.Host.Control;

/// <summary>The actors' log as one JSON document a line, until whoever asked goes away or the host ends.</summary>
internal static class LogStream
{
    public const string Name = "logs";
    private const int MaxLimit = 100_000;
    private static readonly byte[] NewLine = "\n"u8.ToArray();

    public static async Task WriteAsync(HttpContext context, ControlDesk desk, CancellationToken cancellation)
    {
        var ask = await Asked.ReadAsync(context.Request.Body, HostJson.Default.LogsAsk, cancellation);
        var filter = new LineFilter(LogWords.Actor(ask.Actor), ask.Level is null ? null : LogWords.Level(ask.Level));
        var limit = Math.Clamp(ask.Limit, 0, MaxLimit);
        if (!ask.Follow)
        {
            var recent = await desk.AskLogAsync<Recent>(replyTo => new GetRecent(filter, limit, replyTo), cancellation);
            Begin(context);
            await LinesAsync(context.Response, recent.Lines, cancellation);
            return;
        }

        var follower = new LogFollower(filter);
        try
        {
            switch (await desk.AskLogAsync<object>(replyTo => new Follow(follower, limit, replyTo), cancellation))
            {
                case Recent recent:
                    Begin(context);
                    await LinesAsync(context.Response, recent.Lines, cancellation);
                    await FollowAsync(context.Response, follower, desk.Time, cancellation);
                    break;
                case TooManyFollowers { Most: var most }:
                    throw new SyncException("too_many_followers", $"{most} others follow this log", "end one of them first");
            }
        }
        finally
        {
            ActorLogDesk.Of(desk.System).Tap?.Tell(new Unfollow(follower), Akka.Actor.ActorRefs.NoSender);
        }
    }

    private static async Task FollowAsync(HttpResponse response, LogFollower follower, TimeProvider time, CancellationToken cancellation)
    {
        while (await follower.Lines.WaitToReadAsync(cancellation))
        {
            while (follower.Lines.TryRead(out var line))
            {
                await LineAsync(response, LogLineDocument.Of(line), cancellation);
            }

            if (follower.TakeDropped() is var lost and > 0)
            {
                await LineAsync(response, LogLineDocument.Lost(time.GetUtcNow(), lost), cancellation);
            }

            await response.Body.FlushAsync(cancellation);
        }
    }

    private static void Begin(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status200OK;
        context.Response.ContentType = "application/x-ndjson";

        // A reader that pauses is not cut off: it loses lines, and learns how many.
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private static async Task LinesAsync(HttpResponse response, IEnumerable<LogLine> lines, CancellationToken cancellation)
    {
        foreach (var line in lines)
        {
            await LineAsync(response, LogLineDocument.Of(line), cancellation);
        }

        await response.Body.FlushAsync(cancellation);
    }

    private static async Task LineAsync(HttpResponse response, LogLineDocument line, CancellationToken cancellation)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            JsonSerializer.Serialize(json, line, HostJson.Default.LogLineDocument);
        }

        buffer.Write(NewLine);
        await response.Body.WriteAsync(buffer.WrittenMemory, cancellation);
    }
}
