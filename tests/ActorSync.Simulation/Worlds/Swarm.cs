using System.Text;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;

namespace ActorSync.Simulation.Worlds;

/// <summary>What a world is made of. Each seed switches a random subset of the faults on: faults that always come together hide what one alone shows.</summary>
public sealed record Swarm
{
    public required int Seed { get; init; }

    public Interleaving Interleaving { get; init; }

    public DirectoryRule Directory { get; init; }

    /// <summary>Operations handed in, all writers together.</summary>
    public int Operations { get; init; }

    /// <summary>Installations of the one account.</summary>
    public int Devices { get; init; } = 1;

    /// <summary>One writer an entity, more with several devices: it hands in the next one when the last one was accepted.</summary>
    public int Entities { get; init; }

    /// <summary>How long faults strike; then they stop and everything must drain.</summary>
    public TimeSpan FaultTime { get; init; }

    public string Preset { get; init; } = "balanced";

    public bool Gzip { get; init; }

    public int MaxOperations { get; init; } = 1000;

    public bool Kills { get; init; }

    public bool PowerCuts { get; init; }

    public bool JournalRestores { get; init; }

    public bool HubRestores { get; init; }

    /// <summary>No fault: devices are told of changes by sockets, too.</summary>
    public bool Sockets { get; init; }

    public bool SocketDeaths { get; init; }

    public bool Partitions { get; init; }

    public bool LostRequests { get; init; }

    public bool LostAnswers { get; init; }

    public bool Duplicates { get; init; }

    public bool LateAnswers { get; init; }

    public bool HubErrors { get; init; }

    public bool Refusals { get; init; }

    public bool AuthTrouble { get; init; }

    public bool ShortTokens { get; init; }

    public bool ActorCrashes { get; init; }

    public bool DiskFaults { get; init; }

    public bool ClockJumps { get; init; }

    public static Swarm Of(int seed)
    {
        // A stream of its own: what is drawn here must not shift what the world draws.
        var random = new Random(unchecked((seed * 31) + 7));
        bool On(int of = 3) => random.Next(of) == 0;
        return new Swarm
        {
            Seed = seed,
            Interleaving = random.Next(4) switch
            {
                0 => Interleaving.Pct,
                1 => Interleaving.Fifo,
                _ => Interleaving.RandomWalk,
            },
            Directory = On(2) ? DirectoryRule.Ext4Like : DirectoryRule.PosixMinimal,
            Operations = random.Next(20, 90),
            Entities = random.Next(1, 6),
            FaultTime = TimeSpan.FromSeconds(random.Next(40, 200)),
            Preset = random.Next(4) switch
            {
                0 => "fast",
                1 => "saver",
                _ => "balanced",
            },
            Gzip = On(2),
            MaxOperations = random.Next(3) switch
            {
                0 => random.Next(1, 5),
                1 => 20,
                _ => 1000,
            },
            Kills = On(2),
            PowerCuts = On(2),
            JournalRestores = On(6),

            Partitions = On(),
            LostRequests = On(),
            LostAnswers = On(),
            Duplicates = On(),
            LateAnswers = On(),
            HubErrors = On(),
            Refusals = On(),
            AuthTrouble = On(5),
            ShortTokens = On(5),
            ActorCrashes = On(4),
            DiskFaults = On(5),
            ClockJumps = On(6),
            HubRestores = On(),
            Sockets = On(2),
            SocketDeaths = On(),
            Devices = On() ? random.Next(2, 6) : 1,
        };
    }

    /// <summary>A world of two devices in which nothing goes wrong, for planted faults to stand out.</summary>
    public static Swarm Calm(int seed) =>
        new()
        {
            Seed = seed,
            Operations = 40,
            Entities = 3,
            Devices = 2,
            FaultTime = TimeSpan.FromSeconds(100),
        };

    public override string ToString()
    {
        var text = new StringBuilder();
        text.Append(
            $"seed {Seed}: {Interleaving}, {Directory}, {Devices} devices, {Operations} ops of {Entities} entities, {FaultTime.TotalSeconds:0} s of faults, "
        );
        text.Append($"{Preset}, gzip {(Gzip ? "on" : "off")}, {MaxOperations} a request;");
        foreach (var fault in typeof(Swarm).GetProperties().Where(static x => x.PropertyType == typeof(bool) && x.Name != nameof(Gzip)))
        {
            text.Append((bool)fault.GetValue(this)! ? " " + fault.Name : "");
        }

        return text.ToString();
    }
}
