using System.Net;
using System.Text;
using ActorSync.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSync.Auth.Browser;

/// <summary>Browser sign-in by loopback (RFC 8252): an ephemeral port on 127.0.0.1 that is open for one answer, and no longer.</summary>
internal static class LoopbackSignIn
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(2);

    /// <summary>Opens the port, has the browser opened, waits for the answer that carries our state. The port is closed when this returns or throws.</summary>
    /// <param name="open">Shows the page to the user.</param>
    /// <param name="timeout">For the user, more than zero.</param>
    /// <exception cref="CredentialException"><c>sign_in_timeout</c>; <c>sign_in_denied</c>; <c>loopback_unavailable</c>.</exception>
    public static async Task<AuthorizationCode> RunAsync(
        AuthorizationRequest request,
        Func<Uri, CancellationToken, Task> open,
        TimeSpan timeout,
        SyncPlatform platform,
        CancellationToken cancellation
    )
    {
        var (state, verifier) = (AuthorizationRequest.NewSecret(platform.Chance), AuthorizationRequest.NewSecret(platform.Chance));
        var answered = new TaskCompletionSource<Callback>(TaskCreationOptions.RunContinuationsAsynchronously);
        var server = Build(state, answered);
        await using var closing = server.ConfigureAwait(false);
        var redirect = AuthorizationRequest.RedirectTo(await StartAsync(server, cancellation).ConfigureAwait(false));
        using var patience = new CancellationTokenSource(timeout, platform.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            await open(request.Page(state, verifier, redirect), both.Token).ConfigureAwait(false);
            return await answered.Task.WaitAsync(both.Token).ConfigureAwait(false) switch
            {
                Callback.Granted(var code) => new AuthorizationCode(code, verifier, redirect),
                Callback.Denied(var error) => throw new CredentialException(
                    "sign_in_denied",
                    $"the hub's page ended without a sign-in ({error})",
                    "try again and allow this device"
                ),
                _ => throw new InvalidOperationException("a stray request ends nothing"),
            };
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new CredentialException(
                "sign_in_timeout",
                $"nobody signed in within {timeout.TotalSeconds:F0} s",
                "try again, or pair with a code: 'actorsync pair CODE --hub URL'"
            );
        }
        finally
        {
            using var soon = new CancellationTokenSource(StopPatience, platform.Time);
            await server.StopAsync(soon.Token).ConfigureAwait(false);
        }
    }

    private static WebApplication Build(string state, TaskCompletionSource<Callback> answered)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<KestrelServerOptions>(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listener => listener.Protocols = HttpProtocols.Http1);
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 32;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(5);
        });
        var server = builder.Build();
        server.Run(context => AnswerAsync(context, state, answered));
        return server;
    }

    private static async Task<int> StartAsync(WebApplication server, CancellationToken cancellation)
    {
        try
        {
            await server.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException failure)
        {
            throw new CredentialException(
                "loopback_unavailable",
                $"no port on 127.0.0.1 can be opened for the browser's answer: {failure.Message}",
                "pair with a code instead: 'actorsync pair CODE --hub URL'",
                failure
            );
        }

        var address = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new Uri(address).Port;
    }

    private static async Task AnswerAsync(HttpContext context, string state, TaskCompletionSource<Callback> answered)
    {
        var callback = Callback.Read(context.Request, state, context.Connection.LocalPort);
        var response = context.Response;
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers.XContentTypeOptions = "nosniff";
        response.ContentType = "text/html; charset=utf-8";
        if (callback is Callback.Stray stray)
        {
            response.StatusCode = stray.Status;
            await response.Body.WriteAsync(Page("This address is not for you."), context.RequestAborted).ConfigureAwait(false);
            return;
        }

        // The browser has its page before the port closes.
        response.OnCompleted(() =>
        {
            answered.TrySetResult(callback);
            return Task.CompletedTask;
        });
        var text =
            callback is Callback.Granted ? "You may close this window: the device goes on by itself." : "The sign-in was not allowed.";
        await response.Body.WriteAsync(Page(text), context.RequestAborted).ConfigureAwait(false);
    }

    private static ReadOnlyMemory<byte> Page(string text) =>
        Encoding.UTF8.GetBytes($"<!doctype html><html lang=\"en\"><head><title>ActorSync</title></head><body><p>{text}</p></body></html>");
}
