using System.Security.Cryptography;
using ActorSync.Wire;

namespace ActorSync.Platform;

/// <summary>The edges of the runtime: time, chance, network and the file system's flavour. The simulation exchanges these and nothing else.</summary>
internal sealed record SyncPlatform
{
    public required TimeProvider Time { get; init; }

    public required IChance Chance { get; init; }

    /// <summary>Makes the bottom of each HttpClient; null is the hardened socket handler of <c>HubHttp</c>.</summary>
    public Func<HttpMessageHandler>? HttpHandler { get; init; }

    /// <summary>Makes the way to the wake-up socket; null for none.</summary>
    public Func<HttpSettings, IWakePort>? Wake { get; init; }

    /// <summary>The machine's notices about its network, and its resolver.</summary>
    public INetworkPort Network { get; init; } = MachineNetwork.Instance;

    /// <summary>The SQLite VFS that journals are opened with; null is the platform's.</summary>
    public string? SqliteVfs { get; init; }

    /// <summary>Tells this installation of the machine from another one, so that a copied journal is noticed.</summary>
    public Func<string> Installation { get; init; } = Machine.Installation;

    /// <summary>False only in the simulation, where a caller's continuation must stay on the world's thread.</summary>
    public bool AsynchronousContinuations { get; init; } = true;

    public static SyncPlatform Real(TimeProvider? time = null) =>
        new()
        {
            Time = time ?? TimeProvider.System,
            Chance = new SystemChance(),
            Wake = http => new WakePort(http, time ?? TimeProvider.System),
        };
}

/// <summary>The one source of chance. Jitter and ids come from here, so that a seed decides a run.</summary>
/// <remarks>Safe to call from any thread.</remarks>
internal interface IChance
{
    /// <summary>Uniform in [0, 1).</summary>
    double NextDouble();

    void Fill(Span<byte> bytes);
}

internal sealed class SystemChance : IChance
{
    public double NextDouble() => RandomNumberGenerator.GetInt32(int.MaxValue) / (double)int.MaxValue;

    public void Fill(Span<byte> bytes) => RandomNumberGenerator.Fill(bytes);
}
