using System.Net.Sockets;
using System.Text;

namespace ActorSync.Host.Service;

/// <summary>Tells systemd how far we are (sd_notify), when it asked for that; otherwise does nothing.</summary>
internal static class ServiceManager
{
    public static void Ready(Func<string, string?> variable) => Notify(variable, "READY=1");

    public static void Stopping(Func<string, string?> variable) => Notify(variable, "STOPPING=1");

    private static void Notify(Func<string, string?> variable, string state)
    {
        if (variable("NOTIFY_SOCKET") is not { Length: > 1 } name || OperatingSystem.IsWindows())
        {
            return;
        }

        // An address that begins with @ is in Linux's abstract namespace.
        var address = new UnixDomainSocketEndPoint(name[0] == '@' ? $"\0{name[1..]}" : name);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.SendTo(Encoding.UTF8.GetBytes(state), address);
        }
        catch (SocketException)
        {
            // A manager that does not listen is no reason not to run.
        }
    }
}
