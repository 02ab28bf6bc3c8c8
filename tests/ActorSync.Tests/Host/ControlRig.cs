using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorSync.Host;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Hosting;
using Xunit;

namespace ActorSync.Tests.Host;

/// <summary>A real runtime with its control API on a loopback port, and raw bytes to it.</summary>
public sealed class ControlRig : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly DataFolderFixture _data = new();
    private SyncRuntime _runtime = null!;
    private HostProfiles _profiles = null!;
    private RemoteControl _remote = null!;

    internal DataFolder Folder => _data.Folder;

    internal ControlDesk Desk { get; private set; } = null!;

    internal Uri Address => _remote.Address;

    public string Token { get; private set; } = "";

    public string Authority => $"127.0.0.1:{Address.Port}";

    public async Task InitializeAsync()
    {
        var options = SyncOptionsReader.Read(Folder.Path, "actorsync.journal.reserve-bytes = 0 B");
        _runtime = await SyncRuntime.StartAsync(options);
        _profiles = new HostProfiles(Folder, _runtime, TimeProvider.System);
        Desk = new ControlDesk(_runtime, _profiles, TimeProvider.System);
        _remote = await RemoteControl.StartAsync(
            RemoteAddress.Parse("--control", "http://127.0.0.1:0"),
            Folder,
            HostSettings.Read(HostOptions.Layers(Folder)),
            Desk,
            CancellationToken.None
        );
        Token = ControlToken.Read("--control-token", ControlToken.FileOf(Folder));
    }

    public async Task DisposeAsync()
    {
        await _remote.DisposeAsync();
        await _runtime.DisposeAsync();
        _profiles.Dispose();
        _data.Dispose();
    }

    internal ControlDoor Open(string? token = null) =>
        ControlDoor.Open(RemoteAddress.Parse("--control", Address.AbsoluteUri), token ?? Token, null, ControlDesk.DefaultProfile);

    /// <summary>Sends the bytes as they are and reads until the other side closes, or for a first answer when it keeps the connection.</summary>
    public async Task<string> SayAsync(string request, bool untilClosed = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        await using var stream = new NetworkStream(socket);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(request), patience.Token);
            var (all, buffer) = (new StringBuilder(), new byte[8192]);
            int read;
            while ((read = await stream.ReadAsync(buffer, patience.Token)) > 0)
            {
                all.Append(Encoding.Latin1.GetString(buffer, 0, read));
                if (!untilClosed && IsWhole(all.ToString()))
                {
                    break;
                }
            }

            return all.ToString();
        }
        catch (IOException)
        {
            // Cut off in the middle of what we said.
            return "";
        }
    }

    private static bool IsWhole(string answer)
    {
        var end = answer.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var length = answer.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
        return end > 0
            && (
                length < 0
                || answer.Length - end - 4
                    >= int.Parse(answer.AsSpan(length + 16, answer.IndexOf('\r', length) - length - 16), provider: null)
            );
    }
}
