using System.Net.Sockets;
using System.Text;
using ActorSync.Host;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.Host.Terminal;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

public sealed class EdgeTests : IDisposable
{
    private readonly DataFolderFixture _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public void Text_of_others_cannot_drive_the_terminal()
    {
        Plain.Text("a\u001b[2Jb\r\n\u009bc").ShouldBe("a␛[2Jb␍␊␡c");
        Plain.Text("as it is — ü").ShouldBe("as it is — ü");
        Plain.Text(new string('x', 500), 10).ShouldBe("xxxxxxxxxx…");
    }

    [Fact]
    public void Colour_and_escapes_stay_away_from_a_pipe_and_colour_from_a_person_who_wants_none()
    {
        Painted(terminal: false, noColour: null).ShouldNotContain('\u001b');
        Painted(terminal: true, noColour: "1").ShouldNotContain("\u001b[38");
        Painted(terminal: true, noColour: "1").ShouldNotContain("\u001b[91m");
    }

    [Fact]
    public void The_service_manager_is_told_when_it_asked_for_it()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var path = Path.Combine(_data.Path, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        manager.ReceiveTimeout = 5000;

        ServiceManager.Ready(name => name == "NOTIFY_SOCKET" ? path : null);
        ServiceManager.Stopping(name => name == "NOTIFY_SOCKET" ? path : null);
        ServiceManager.Ready(_ => null);

        var buffer = new byte[64];
        Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)).ShouldBe("READY=1");
        Encoding.ASCII.GetString(buffer, 0, manager.Receive(buffer)).ShouldBe("STOPPING=1");
        manager.Available.ShouldBe(0);
    }

    [Fact]
    public void A_second_host_on_the_folder_is_told_who_holds_it()
    {
        var first = HostLock.Take(_data.Folder);

        var refused = Should.Throw<SyncException>(() => HostLock.Take(_data.Folder));
        first.Dispose();
        HostLock.Take(_data.Folder).Dispose();

        ExitCodes.Of(refused).ShouldBe(ExitCodes.Journal);
        refused.Message.ShouldContain($"process {Environment.ProcessId}");
    }

    [Fact]
    public async Task A_socket_that_a_dead_host_left_is_no_host_and_is_taken_away()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _data.Folder.Create();
        var address = ControlAddress.Claim(_data.Folder, _ => null);
        using (var dead = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            dead.Bind(new UnixDomainSocketEndPoint(address.Name));
        }

        // .NET takes the file away with the socket; a kill does not.
        File.WriteAllBytes(address.Name, []);
        (await ControlDoor.TryOpenAsync(_data.Folder, "default", CancellationToken.None)).ShouldBeNull();
        await address.RemoveStaleAsync(_data.Folder, CancellationToken.None);

        File.Exists(address.Name).ShouldBeFalse();
    }

    [Fact]
    public async Task A_socket_that_somebody_answers_on_is_not_taken_away()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        _data.Folder.Create();
        var address = ControlAddress.Claim(_data.Folder, _ => null);
        using var host = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        host.Bind(new UnixDomainSocketEndPoint(address.Name));
        host.Listen();

        var refused = await Should.ThrowAsync<SyncException>(() => address.RemoveStaleAsync(_data.Folder, CancellationToken.None));

        ExitCodes.Of(refused).ShouldBe(ExitCodes.Journal);
        File.Exists(address.Name).ShouldBeTrue();
    }

    [Fact]
    public void A_folder_with_a_name_too_long_for_a_socket_points_to_a_short_private_one()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = new DataFolder(Path.Combine(_data.Path, new string('d', 120)));
        folder.Create();

        var address = ControlAddress.Claim(folder, name => name == "XDG_RUNTIME_DIR" ? _data.Path : null);

        Encoding.UTF8.GetByteCount(address.Name).ShouldBeLessThan(104);
        ControlAddress.Find(folder).ShouldBe(address);
        File.GetUnixFileMode(Path.GetDirectoryName(address.Name)!)
            .ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        address.Remove(folder);
        ControlAddress.Find(folder).ShouldBeNull();
    }

    [Fact]
    public void A_short_folder_that_others_may_enter_is_refused()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var folder = new DataFolder(Path.Combine(_data.Path, new string('d', 120)));
        folder.Create();
        var planted = Directory.CreateDirectory(Path.Combine(_data.Path, $"actorsync-{folder.ShortName}"));
        File.SetUnixFileMode(planted.FullName, (UnixFileMode)0b111_111_111);

        Should
            .Throw<SyncException>(() => ControlAddress.Claim(folder, name => name == "XDG_RUNTIME_DIR" ? _data.Path : null))
            .Code.ShouldBe("control_address");
    }

    [Theory]
    [InlineData(1000u, 1000u, true)]
    [InlineData(0u, 1000u, true)]
    [InlineData(1001u, 1000u, false)]
    [InlineData(1000u, 0u, false)]
    [Trait("criterion", "X1")]
    public void The_control_socket_takes_its_own_user_and_root(uint peer, uint own, bool allowed) =>
        PeerCheck.IsAllowed(peer, own).ShouldBe(allowed);

    private static string Painted(bool terminal, string? noColour)
    {
        using var output = new StringWriter();
        var io = new HostIo
        {
            Out = output,
            Error = TextWriter.Null,
            OpenInput = () => Stream.Null,
            Stop = CancellationToken.None,
            OutIsTerminal = terminal,
            Variable = name => name == "NO_COLOR" ? noColour : "xterm-256color",
        };
        io.ForPeople().Write(new Spectre.Console.Text("x", new Spectre.Console.Style(Spectre.Console.Color.Red)));
        return output.ToString();
    }
}
