using System.Runtime.InteropServices;

namespace ActorSync.Host.Service;

/// <summary>Whatever this process makes is its user's alone, whoever's code makes it: databases and their logs, locks, ports, exports.</summary>
internal static partial class PrivateFiles
{
    private const uint Others = 0b000_111_111;

    public static void Make()
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetMask(Others);
        }
    }

    [LibraryImport("libc", EntryPoint = "umask")]
    private static partial uint SetMask(uint mask);
}
