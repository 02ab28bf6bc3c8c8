using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace ActorSync.Host.Control;

/// <summary>The running host's ear: serves <see cref="ControlApi"/> on a socket that only its user may open.</summary>
internal sealed class ControlServer : IAsyncDisposable
{
    // A batch of an import is at most 4 MiB of payload and one operation more; as JSON it stays well below this.
    public const long MaxAskBytes = 32L << 20;
    private readonly WebApplication _app;
    private readonly ControlAddress _address;
    private readonly DataFolder _folder;

    private ControlServer(WebApplication app, ControlAddress address, DataFolder folder) =>
        (_app, _address, _folder) = (app, address, folder);

    public static async Task<ControlServer> StartAsync(
        DataFolder folder,
        ControlDesk desk,
        Func<string, string?> variable,
        CancellationToken cancellation
    )
    {
        var address = ControlAddress.Claim(folder, variable);
        await address.RemoveStaleAsync(folder, cancellation);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        if (OperatingSystem.IsWindows())
        {
            builder.WebHost.UseNamedPipes(static pipes => pipes.CurrentUserOnly = true);
        }

        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxAskBytes;
            if (OperatingSystem.IsWindows())
            {
                kestrel.ListenNamedPipe(address.Name, Listen);
            }
            else
            {
                kestrel.ListenUnixSocket(address.Name, Listen);
            }
        });
        var app = builder.Build();
        app.Run(context => ControlApi.AnswerAsync(context, desk));
        await app.StartAsync(cancellation);
        if (!OperatingSystem.IsWindows())
        {
            // The folder is 0700, so nobody else came in between.
            File.SetUnixFileMode(address.Name, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return new ControlServer(app, address, folder);
    }

    public string Address => _address.Name;

    public async ValueTask DisposeAsync()
    {
        using (var atOnce = new CancellationTokenSource())
        {
            // Who still waits for an answer learns that the host went away; a stop does not wait for them.
            await atOnce.CancelAsync();
            await _app.StopAsync(atOnce.Token);
        }

        await _app.DisposeAsync();
        _address.Remove(_folder);
    }

    private static void Listen(ListenOptions listen)
    {
        listen.Protocols = HttpProtocols.Http1;
        listen.Use(static next => connection => PeerCheck.IsAllowed(connection) ? next(connection) : Task.CompletedTask);
    }
}
