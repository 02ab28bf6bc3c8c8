using System.Globalization;
using ActorSync.IntegrationTests.Cli;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Convergence;

/// <summary>
/// Three hosts and a hub, each a process, on loopback: each host takes over what one writer wrote, is offline at random and is killed again and again,
/// the hub too. In the end all four hold the same, and the hub has each operation once.
/// </summary>
/// <remarks><c>ACTORSYNC_TRACE</c> names a file of edits to take instead of generated ones; <c>ACTORSYNC_TRACE_SEED</c> decides the kills.</remarks>
[Collection(Alone.Name)]
public sealed class ConvergenceTests(ITestOutputHelper output) : IDisposable
{
    private static readonly string? Given = Environment.GetEnvironmentVariable("ACTORSYNC_TRACE");
    private static readonly int Seed = int.Parse(
        Environment.GetEnvironmentVariable("ACTORSYNC_TRACE_SEED") ?? "4",
        CultureInfo.InvariantCulture
    );

    private readonly string _folder = Directory.CreateTempSubdirectory("actorsync-fleet-").FullName;

    /// <summary>How long a process may live before it is killed, and how long all may take.</summary>
    private static (TimeSpan Life, TimeSpan Patience) Bounds =>
        Given is null ? (TimeSpan.FromMilliseconds(600), TimeSpan.FromMinutes(3)) : (TimeSpan.FromSeconds(6), TimeSpan.FromMinutes(30));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    [Trait("criterion", "D7")]
    [Trait("criterion", "Q16")]
    public Task Three_devices_and_their_hub_that_are_killed_and_offline_at_random_end_equal_and_nothing_is_lost_or_doubled() =>
        EndEqualAsync(clocks: null);

    [FakeClockFact]
    [Trait("criterion", "Q16")]
    public Task So_they_do_when_their_wall_clocks_are_years_apart_and_step() =>
        EndEqualAsync(new WallClocks(Path.Combine(_folder, "clocks"), Seed));

    private async Task EndEqualAsync(WallClocks? clocks)
    {
        using var over = new CancellationTokenSource(Bounds.Patience);
        var input = Path.Combine(_folder, "input");
        var trace = Given is null ? EditTrace.Generate(input, 1000, parts: 2, Seed) : EditTrace.Read(Given, input, parts: 5);
        await using var fleet = new Fleet(_folder, clocks);
        var names = trace.Writers.Select(static (_, i) => $"device-{i + 1}").ToList();
        await fleet.StartHubAsync();
        await Task.WhenAll(names.Select(fleet.PairAsync));
        var written = Task.WhenAll(trace.Writers.Select((files, i) => WriteAsync(fleet, names[i], files, new Random(Seed + i))));
        var chance = new Random(Seed - 1);
        do
        {
            await fleet.CutHubAsync(Bounds.Life * (1 + chance.NextDouble()));
            fleet.Step(Fleet.HubName);
        } while (!written.IsCompleted);

        var kills = await written;
        var hosts = await Task.WhenAll(names.Select(name => fleet.StartDeviceAsync(name, "hybrid")));
        try
        {
            await Task.WhenAll(names.Select(name => UntilIdleAsync(fleet, name, trace.Operations, over.Token)));
            await JudgeAsync(fleet, names, trace);
            output.WriteLine($"kills: {string.Join(", ", kills)} of the devices, {fleet.HubKills} of the hub");
        }
        finally
        {
            foreach (var host in hosts)
            {
                await host.DisposeAsync();
            }
        }
    }

    /// <summary>The life of a device. Each file is handed to its host, which is killed meanwhile and started again, offline or not; gives the kills.</summary>
    private static async Task<int> WriteAsync(Fleet fleet, string device, IReadOnlyList<string> files, Random chance)
    {
        ActorSyncProcess? host = await fleet.StartDeviceAsync(device, "hybrid");
        var kills = 0;
        try
        {
            foreach (var file in files)
            {
                await using (var import = fleet.Import(device, file))
                {
                    await CutAsync();
                }

                // Its import was killed with it. The same file again, to its end: what was stored before is not stored twice.
                host = await fleet.StartDeviceAsync(device, chance.Next(2) == 0 ? "local" : "hybrid");
                await using (var rest = fleet.Import(device, file))
                {
                    var end = await rest.EndAsync();
                    end.Code.ShouldBe(0, end.Error);
                }

                fleet.Step(device);
                await CutAsync();
                host = await fleet.StartDeviceAsync(device, chance.Next(3) == 0 ? "local" : "hybrid");
            }

            await CutAsync();
        }
        finally
        {
            await (host?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        return kills;

        async Task CutAsync()
        {
            (await host!.KillAfterAsync(Bounds.Life * chance.NextDouble())).ShouldBeTrue($"{device} has ended by itself: {host.Error}");
            await host.DisposeAsync();
            (host, kills) = (null, kills + 1);
        }
    }

    private static async Task UntilIdleAsync(Fleet fleet, string device, long operations, CancellationToken over)
    {
        using var look = new PeriodicTimer(Bounds.Life);
        while (true)
        {
            var status = await fleet.AskAsync(device, "status");
            var cursor = status.GetProperty("cursor").GetProperty("position").GetInt64();
            if (cursor >= operations && status.GetProperty("queue").GetProperty("pending").GetInt64() == 0)
            {
                return;
            }

            try
            {
                await look.WaitForNextTickAsync(over);
            }
            catch (OperationCanceledException late)
            {
                throw new TimeoutException($"{device} is not done: {status}", late);
            }
        }
    }

    private async Task JudgeAsync(Fleet fleet, IReadOnlyList<string> devices, EditTrace trace)
    {
        var (digest, log) = await fleet.ReadHubAsync();
        output.WriteLine($"hub: {digest}, {log.Count} operations");
        foreach (var device in devices)
        {
            var own = (await fleet.AskAsync(device, "digest")).GetProperty("digest").GetString();
            var queue = await fleet.AskAsync(device, "queue", "count");
            output.WriteLine($"{device}: {own}, {queue}");
            own.ShouldBe(digest, device);
            queue.GetProperty("pending").GetInt64().ShouldBe(0);
            queue.GetProperty("dead").GetInt64().ShouldBe(0);
            queue.GetProperty("parked").GetInt64().ShouldBe(0);
        }

        log.Count.ShouldBe((int)trace.Operations);
        log.Select(static op => op.OperationId).Distinct().Count().ShouldBe(log.Count);
        log.Select(static op => op.Id).ShouldBe(Enumerable.Range(1, log.Count).Select(static i => (long)i));
        var written = trace.Writers.Select(static files => files.Sum(static file => File.ReadLines(file).LongCount()));
        log.GroupBy(static op => op.Device).Select(static own => own.LongCount()).Order().ShouldBe(written.Order());
    }
}

/// <summary>Needs libfaketime; without it the test is skipped, and says so.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FakeClockFactAttribute : FactAttribute
{
    public FakeClockFactAttribute()
    {
        if (WallClocks.Library is null)
        {
            Skip = "NOT RUN: libfaketime is not on this machine (Debian, Ubuntu: apt-get install faketime)";
        }
    }
}
