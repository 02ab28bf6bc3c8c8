using System.Collections.Immutable;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ActorSync.Tests.Conformance;

/// <summary>A request on its way to the hub.</summary>
internal sealed record Asked(string Method, string Target, ImmutableDictionary<string, string> Headers, byte[] Body)
{
    public string Path => Target.Split('?')[0];

    public string? Header(string name) => Headers.GetValueOrDefault(name);
}

/// <summary>An answer on its way back.</summary>
internal sealed record Told(int Status, ImmutableDictionary<string, string> Headers, byte[] Body);

/// <summary>What breaks one rule. What it does not name is left as it is.</summary>
internal sealed record Deviation
{
    public Func<Asked, Asked> Ask { get; init; } = static asked => asked;

    /// <summary>Answers without the hub; null asks it.</summary>
    public Func<Asked, Told?> Instead { get; init; } = static _ => null;

    public Func<Asked, Told, Told> Tell { get; init; } = static (_, told) => told;

    /// <summary>Of the wake-up socket; the number counts from 0 on each.</summary>
    public Func<int, byte[], byte[]> Frame { get; init; } = static (_, frame) => frame;

    /// <summary>Of the socket's closing frame: two bytes of status, and the reason.</summary>
    public Func<byte[], byte[]> Close { get; init; } = static frame => frame;
}

/// <summary>Stands between a caller and a hub that keeps the rules, and breaks one.</summary>
internal sealed class DeviantHub : IAsyncDisposable
{
    private static readonly string[] OwnHeaders =
    [
        "connection",
        "upgrade",
        "transfer-encoding",
        "content-length",
        "host",
        "date",
        "accept-encoding",
    ];

    private readonly WebApplication _app;
    private readonly HttpClient _http;

    private DeviantHub(WebApplication app, HttpClient http) => (_app, _http) = (app, http);

    public Uri Address => new(_app.Urls.First());

    public static async Task<DeviantHub> StartAsync(Uri hub, Deviation deviation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static options =>
        {
            options.AddServerHeader = false;
            options.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
        });
        var app = builder.Build();
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
        };
        var deviant = new DeviantHub(app, new HttpClient(handler) { BaseAddress = hub, Timeout = TimeSpan.FromMinutes(1) });
        app.Run(context => deviant.HandleAsync(context, deviation));
        await app.StartAsync();
        return deviant;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _http.Dispose();
    }

    private async Task HandleAsync(HttpContext context, Deviation deviation)
    {
        using var sent = new MemoryStream();
        await context.Request.Body.CopyToAsync(sent, context.RequestAborted);
        var headers = context.Request.Headers.ToImmutableDictionary(
            h => h.Key.ToLowerInvariant(),
            h => h.Value.ToString(),
            StringComparer.Ordinal
        );
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        var asked = deviation.Ask(new Asked(context.Request.Method, target, headers, sent.ToArray()));
        if (deviation.Instead(asked) is { } own)
        {
            await WriteAsync(context, own);
            return;
        }

        using var request = Build(asked);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        if (response.StatusCode == HttpStatusCode.SwitchingProtocols)
        {
            await RelaySocketAsync(context, response, deviation);
            return;
        }

        var told = new Told(
            (int)response.StatusCode,
            response
                .Headers.Concat(response.Content.Headers)
                .ToImmutableDictionary(h => h.Key.ToLowerInvariant(), h => string.Join(", ", h.Value), StringComparer.Ordinal),
            await response.Content.ReadAsByteArrayAsync(context.RequestAborted)
        );
        await WriteAsync(context, deviation.Tell(asked, told));
    }

    private static HttpRequestMessage Build(Asked asked)
    {
        var request = new HttpRequestMessage(new HttpMethod(asked.Method), asked.Target) { Version = HttpVersion.Version11 };
        if (asked.Body.Length > 0 || asked.Method is "POST" or "PUT")
        {
            request.Content = new ByteArrayContent(asked.Body);
        }

        foreach (var (name, value) in asked.Headers)
        {
            if (!OwnHeaders.Contains(name) && !request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        if (asked.Header("upgrade") is { } upgrade)
        {
            request.Headers.Connection.Add("Upgrade");
            request.Headers.TryAddWithoutValidation("Upgrade", upgrade);
        }

        return request;
    }

    private static async Task WriteAsync(HttpContext context, Told told)
    {
        context.Response.StatusCode = told.Status;
        foreach (var (name, value) in told.Headers)
        {
            if (!OwnHeaders.Contains(name))
            {
                context.Response.Headers[name] = value;
            }
        }

        if (told.Body.Length > 0)
        {
            context.Response.ContentLength = told.Body.Length;
            await context.Response.Body.WriteAsync(told.Body, context.RequestAborted);
        }
    }

    private static async Task RelaySocketAsync(HttpContext context, HttpResponseMessage response, Deviation deviation)
    {
        context.Response.Headers.Upgrade = "websocket";
        context.Response.Headers["Sec-WebSocket-Accept"] = response.Headers.GetValues("Sec-WebSocket-Accept").First();
        await using var hub = await response.Content.ReadAsStreamAsync(context.RequestAborted);
        await using var caller = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
        var up = caller.CopyToAsync(hub, context.RequestAborted);
        await Task.WhenAny(up, RelayFramesAsync(hub, caller, deviation, context.RequestAborted));
    }

    // What a hub sends is short and unmasked: two bytes, perhaps two of length, and the text.
    private static async Task RelayFramesAsync(Stream hub, Stream caller, Deviation deviation, CancellationToken cancellation)
    {
        var head = new byte[4];
        for (var texts = 0; await hub.ReadAtLeastAsync(head.AsMemory(0, 2), 2, throwOnEndOfStream: false, cancellation) == 2; )
        {
            var length = head[1] & 0x7F;
            if (length == 126)
            {
                await hub.ReadExactlyAsync(head.AsMemory(2, 2), cancellation);
                length = (head[2] << 8) | head[3];
            }

            var frame = new byte[length];
            await hub.ReadExactlyAsync(frame, cancellation);
            var told = (head[0] & 0x0F) switch
            {
                1 => deviation.Frame(texts++, frame),
                8 => deviation.Close(frame),
                _ => frame,
            };
            byte[] prefix = told.Length < 126 ? [head[0], (byte)told.Length] : [head[0], 126, (byte)(told.Length >> 8), (byte)told.Length];
            await caller.WriteAsync((byte[])[.. prefix, .. told], cancellation);
            await caller.FlushAsync(cancellation);
        }
    }
}
