using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorSync.Host.Service;
using ActorSync.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ActorSync.Host.Control;

/// <summary><see cref="ControlApi"/> on a network, for another machine or a tool that cannot open a socket file. Everything passes <see cref="ControlGuard"/>.</summary>
internal sealed class RemoteControl : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RemoteControl(WebApplication app, Uri address) => (_app, Address) = (app, address);

    public Uri Address { get; }

    /// <exception cref="SyncException">Code <c>usage</c>: the address cannot be listened on; <c>invalid_setting</c>: https without a certificate.</exception>
    public static async Task<RemoteControl> StartAsync(
        RemoteAddress address,
        DataFolder folder,
        HostSettings settings,
        ControlDesk desk,
        CancellationToken cancellation
    )
    {
        address.CheckListening("--control");
        var token = ControlToken.Ensure(folder, new SystemChance());
        var certificate = address.IsHttps ? Certificate(settings) : null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Bound(kestrel.Limits);
            kestrel.AddServerHeader = false;
            Listen(kestrel, address, certificate);
        });
        var app = builder.Build();
        ControlGuard? guard = null;
        app.Run(context => AnswerAsync(context, guard, desk));
        try
        {
            await app.StartAsync(cancellation);
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            await app.DisposeAsync();
            throw Failures.Usage("--control", $"cannot listen on {address.Host}:{address.Port}: {failure.Message}", "take another port");
        }

        var port = new Uri(app.Urls.First()).Port;
        var authorities = address.Authorities(port);
        guard = new ControlGuard(
            authorities,
            authorities.Select(authority => $"{address.Scheme}://{authority}").ToHashSet(StringComparer.OrdinalIgnoreCase),
            token,
            desk.Time
        );
        return new RemoteControl(app, new Uri(string.Create(CultureInfo.InvariantCulture, $"{address.Scheme}://{address.Host}:{port}/")));
    }

    public async ValueTask DisposeAsync()
    {
        using (var atOnce = new CancellationTokenSource())
        {
            await atOnce.CancelAsync();
            await _app.StopAsync(atOnce.Token);
        }

        await _app.DisposeAsync();
    }

    /// <param name="guard">Null until the port is known.</param>
    private static async Task AnswerAsync(HttpContext context, ControlGuard? guard, ControlDesk desk)
    {
        if (guard is null)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            return;
        }

        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.XContentTypeOptions = "nosniff";
        if (guard.Judge(context.Request) is { } refusal)
        {
            // What follows on this connection is not read: it may be meant to look like another request.
            headers.Connection = "close";
            var failure = new SyncException(refusal.Code, refusal.Message, "see 'actorsync run --help' for --control");
            await ControlApi.RefuseAsync(context.Response, refusal.Status, failure, context.RequestAborted);
            return;
        }

        await ControlApi.AnswerAsync(context, desk);
    }

    private static void Bound(KestrelServerLimits limits)
    {
        limits.MaxRequestBodySize = ControlServer.MaxAskBytes;
        limits.MaxConcurrentConnections = 64;
        limits.MaxConcurrentUpgradedConnections = 0;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(5);
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestHeaderCount = 40;
        limits.MaxRequestLineSize = 2 << 10;
        limits.MaxRequestBufferSize = 64 << 10;
    }

    private static void Listen(KestrelServerOptions kestrel, RemoteAddress address, X509Certificate2? certificate)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }

        if (IPAddress.TryParse(address.Host.Trim('[', ']'), out var ip))
        {
            kestrel.Listen(ip, address.Port, Configure);
        }
        else if (address.IsLoopback)
        {
            kestrel.Listen(IPAddress.Loopback, address.Port, Configure);
        }
        else
        {
            kestrel.ListenAnyIP(address.Port, Configure);
        }
    }

    private static X509Certificate2 Certificate(HostSettings settings)
    {
        const string remedy = "name PEM files: host.control { certificate = \"…\", key = \"…\" }";
        if (settings.ControlCertificate.Length == 0 || settings.ControlKey.Length == 0)
        {
            throw new InvalidSettingException("host.control.certificate", "is not set, and https needs one", remedy);
        }

        try
        {
            return X509Certificate2.CreateFromPemFile(settings.ControlCertificate, settings.ControlKey);
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidSettingException("host.control.certificate", $"cannot be used: {failure.Message}", remedy);
        }
    }
}
