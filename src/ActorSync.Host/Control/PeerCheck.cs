using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ActorSync.Host.Control;

/// <summary>Who is at the other end of the control socket. The file's mode keeps others out; on Linux the kernel is asked as well.</summary>
internal static partial class PeerCheck
{
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    public static bool IsAllowed(ConnectionContext connection)
    {
        if (!OperatingSystem.IsLinux() || connection.Features.Get<IConnectionSocketFeature>() is not { Socket: { } socket })
        {
            return true;
        }

        // struct ucred { pid_t pid; uid_t uid; gid_t gid; }
        Span<byte> credentials = stackalloc byte[12];
        return socket.GetRawSocketOption(SolSocket, SoPeerCred, credentials) == 12
            && IsAllowed(MemoryMarshal.Read<uint>(credentials[4..]), GetEffectiveUser());
    }

    /// <summary>The host's own user, and root, who may read everything anyway.</summary>
    internal static bool IsAllowed(uint peer, uint own) => peer == own || peer == 0;

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
