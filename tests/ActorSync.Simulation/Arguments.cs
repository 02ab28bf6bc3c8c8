using ActorSync.Simulation.Auth;
using ActorSync.Simulation.PowerCuts;
using ActorSync.Simulation.Worlds;
using ActorSync.TestKit.Disk;

namespace ActorSync.Simulation;

/// <summary>What the command line asks for.</summary>
internal sealed class Arguments(string[] args)
{
    public int Run()
    {
        if (Number("--seed") is { } seed)
        {
            return One(seed);
        }

        if (Number("--auth-seed") is { } storm)
        {
            return OneStorm(storm);
        }

        if (Number("--auth-worlds") is { } storms)
        {
            return ManyStorms(storms);
        }

        if (Number("--images") is { } images)
        {
            Console.WriteLine(JournalSweep.Run(images / 2, DirectoryRule.Ext4Like, 1, out var lost));
            Console.WriteLine(JournalSweep.Run(images / 2, DirectoryRule.PosixMinimal, 1, out var lostToo));
            return lost + lostToo == 0 ? 0 : 1;
        }

        if (args.Contains("--prove", StringComparer.Ordinal))
        {
            return Prove();
        }

        return Number("--worlds") is { } worlds ? Many(worlds) : Usage();
    }

    private int One(int seed)
    {
        Action<string>? echo = args.Contains("--trace", StringComparer.Ordinal) ? Console.WriteLine : null;
        var result = SimulatedWorld.Run(Swarm.Of(seed), echo: echo);
        Console.WriteLine(result.Describe());
        return result.Violations.Count == 0 ? 0 : 1;
    }

    private int Many(int worlds)
    {
        var result = Sweep.Run(
            worlds,
            Number("--from") ?? 1,
            Number("--threads") ?? 2,
            static failed => Console.WriteLine($"{failed.Violations[0]} <- {failed.Swarm}")
        );
        foreach (var failed in result.Failures.Take(3))
        {
            Console.WriteLine(failed.Describe());
        }

        Console.WriteLine(result);
        return result.Failures.Count == 0 ? 0 : 1;
    }

    private static int Prove()
    {
        var blind = Sweep.ProveDetectors();
        Console.WriteLine(blind.Count == 0 ? "every planted fault was caught" : string.Join('\n', blind));
        var storms = StormSweep.ProveDetectors();
        foreach (var (plant, seed) in storms)
        {
            Console.WriteLine($"storm with {plant}: {(seed is null ? "not caught" : $"caught at seed {seed}")}");
        }

        return blind.Count == 0 && storms.Values.All(static x => x is not null) ? 0 : 1;
    }

    private int OneStorm(int seed)
    {
        Action<string>? echo = args.Contains("--trace", StringComparer.Ordinal) ? Console.WriteLine : null;
        var result = AuthStorm.Run(StormSwarm.Of(seed), echo: echo);
        Console.WriteLine(result.Describe());
        return result.Violations.Count == 0 ? 0 : 1;
    }

    private int ManyStorms(int worlds)
    {
        var result = StormSweep.Run(worlds, Number("--from") ?? 1, Number("--threads") ?? 2);
        foreach (var failed in result.Failures.Take(3))
        {
            Console.WriteLine(failed.Describe());
        }

        Console.WriteLine(result);
        return result.Failures.Count == 0 ? 0 : 1;
    }

    private static int Usage()
    {
        Console.Error.WriteLine(
            "usage: --seed N [--trace] | --worlds N [--from N] [--threads N] | --images N | --prove | --auth-seed N [--trace] | --auth-worlds N"
        );
        return 2;
    }

    private int? Number(string name) =>
        Array.IndexOf(args, name) is var at and >= 0 && at + 1 < args.Length && int.TryParse(args[at + 1], out var number) ? number : null;
}
