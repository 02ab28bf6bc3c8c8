using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ActorSync.TestKit.Hubs;

/// <summary>A fake hub on a real socket of 127.0.0.1, for tests with real processes and real HTTP.</summary>
public sealed class FakeHubServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Lock _turn = new();

    private FakeHubServer(WebApplication app, FakeHub hub) => (_app, Hub) = (app, hub);

    public FakeHub Hub { get; }

    public Uri Address => new(_app.Urls.First());

    public static async Task<FakeHubServer> StartAsync(FakeHub? hub = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static options =>
        {
            options.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            options.Limits.MaxRequestBodySize = 64 << 20;
        });
        var app = builder.Build();
        var server = new FakeHubServer(app, hub ?? new FakeHub(() => TimeProvider.System.GetUtcNow()));
        app.Run(server.Handle);
        await app.StartAsync();
        return server;
    }

    /// <summary>Takes a turn with the hub, so that a test may look at it or change it while requests run.</summary>
    public T With<T>(Func<FakeHub, T> look)
    {
        lock (_turn)
        {
            return look(Hub);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task Handle(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var reaction = With(hub =>
            hub.Handle(
                HubTransport.Read(
                    context.Request.Method,
                    context.Request.Path,
                    context.Request.QueryString.Value ?? "",
                    context.Request.Headers.Authorization,
                    body.ToArray(),
                    context.Request.Headers.ContentEncoding
                )
            )
        );
        await Task.Delay(reaction.Delay, context.RequestAborted);
        if (reaction.Answer is { } answer)
        {
            await Answer(context, answer, reaction.CutAfter);
        }
        else if (reaction.Reset)
        {
            context.Abort();
        }
        else
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
    }

    private static async Task Answer(HttpContext context, HubAnswer answer, int? cutAfter)
    {
        var response = context.Response;
        (response.StatusCode, response.ContentType) = (answer.Status, answer.ContentType);
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers[name] = value;
        }

        if (answer.Status is 204 or 304)
        {
            return;
        }

        response.ContentLength = answer.Body.Length;
        var length = Math.Min(cutAfter ?? answer.Body.Length, answer.Body.Length);
        await response.Body.WriteAsync(answer.Body.AsMemory(0, length), context.RequestAborted);
        if (length < answer.Body.Length)
        {
            await response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
        }
    }
}
