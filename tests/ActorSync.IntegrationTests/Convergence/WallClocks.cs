using System.Globalization;

namespace ActorSync.IntegrationTests.Convergence;

/// <summary>What a process reads as the time of day. It may be years off, and may step while the process runs; what measures durations is left alone.</summary>
internal sealed class WallClocks(string folder, int seed)
{
    /// <summary>The variant for programs with threads.</summary>
    public static readonly string? Library = Directory.Exists("/usr/lib")
        ? Directory
            .EnumerateDirectories("/usr/lib", "*-linux-gnu")
            .Append("/usr/lib")
            .Append("/usr/lib64")
            .Select(static at => Path.Combine(at, "faketime", "libfaketimeMT.so.1"))
            .FirstOrDefault(File.Exists)
        : null;

    private readonly Random _chance = new(seed);
    private readonly Lock _gate = new();

    /// <summary>The environment of a process whose clock is that of <paramref name="name"/>.</summary>
    public IReadOnlyDictionary<string, string> Of(string name)
    {
        Step(name);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["LD_PRELOAD"] = Library ?? throw new InvalidOperationException("libfaketime is not on this machine"),
            ["FAKETIME_TIMESTAMP_FILE"] = FileOf(name),
            ["FAKETIME_CACHE_DURATION"] = "1",
            ["FAKETIME_DONT_FAKE_MONOTONIC"] = "1",
        };
    }

    /// <summary>A device's clock goes a year ahead or back. A hub's is a year off for good and steps by minutes: what it gave out ends by its own clock.</summary>
    public void Step(string name)
    {
        lock (_gate)
        {
            var seconds = name == Fleet.HubName ? (-365 * 86_400) + _chance.Next(-300, 300) : (_chance.Next(2) == 0 ? -365 : 365) * 86_400;
            // Whoever reads it sees the old text or the new one.
            var next = FileOf(name) + ".next";
            File.WriteAllText(next, string.Create(CultureInfo.InvariantCulture, $"{seconds:+0;-0}s\n"));
            File.Move(next, FileOf(name), overwrite: true);
        }
    }

    private string FileOf(string name) => Path.Combine(Directory.CreateDirectory(folder).FullName, name + ".clock");
}
