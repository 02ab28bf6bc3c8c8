using System.Security.Cryptography;
using System.Text;

namespace ActorSync.Platform;

/// <summary>What is asked of the machine that we run on.</summary>
internal static class Machine
{
    private const string LinuxMachineId = "/etc/machine-id";

    /// <summary>32 hex digits that stay the same for one installation of the operating system; not the machine's own id.</summary>
    public static string Installation()
    {
        var source = ReadMachineId() ?? $"{Environment.MachineName}/{Environment.UserName}";
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"actorsync installation {source}")).AsSpan(0, 16));
    }

    private static string? ReadMachineId()
    {
        try
        {
            var id = File.Exists(LinuxMachineId) ? File.ReadAllText(LinuxMachineId).Trim() : "";
            return id.Length > 0 ? id : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
