using System.Diagnostics;
using System.Text;
using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Changes;

public sealed class InboxKillTests : IDisposable
{
    private const int Tracks = 100;
    private const int Kills = 8;
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsync-inbox-").FullName;

    private string AppFile => Path.Combine(_folder, "app.db");

    private string Data => Path.Combine(_folder, "data");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    [Trait("criterion", "P8")]
    public async Task An_app_that_is_killed_anywhere_while_it_takes_changes_in_ends_with_each_of_them_once()
    {
        await FillReplicaAsync();
        for (var kill = 0; kill < Kills; kill++)
        {
            // At the line: before a write and behind one, not committed. Behind it: while it writes, commits, or is at the next.
            var written = await RunAsync(lines: 2 * kill + 1 + (kill & 1), goesOnAtLast: kill % 4 > 1);
            var applied = Applied();
            written.SkipLast(1).Except(applied.Keys).ShouldBeEmpty();
            applied.Values.ShouldAllBe(times => times == 1);
        }

        var before = Applied().Count;
        before.ShouldBeInRange(1, Tracks - 1);
        await RunAsync(lines: 2 * (Tracks - before), goesOnAtLast: true, until: () => Applied().Count == Tracks);

        Applied().Values.ShouldAllBe(times => times == 1);
    }

    private async Task FillReplicaAsync()
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = Path.Combine(_folder, "hub") });
        await using var sync = await SyncRuntime.StartAsync(SyncOptionsReader.Read(Data));
        var code = await hub.CreatePairingCodeAsync("ada");
        await sync.Default.PairAsync(hub.Addresses[0], code.Code, CancellationToken.None);
        var accepted = await sync.EnqueueAsync([
            .. Enumerable
                .Range(0, Tracks)
                .Select(i => new NewOperation
                {
                    Entity = "track",
                    EntityId = $"{i:000}",
                    Payload = Encoding.UTF8.GetBytes("""{"title":"T"}"""),
                }),
        ]);
        foreach (var operation in accepted)
        {
            await sync.WaitForReceiptAsync(operation.OperationId);
        }
    }

    /// <summary>Gives what the app said to have written, though perhaps not committed, before it was killed.</summary>
    private async Task<List<string>> RunAsync(int lines, bool goesOnAtLast, Func<bool>? until = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            ArgumentList = { "exec", Path.Combine(AppContext.BaseDirectory, "ActorSync.OutboxSample.dll"), AppFile, "inbox", Data },
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("dotnet does not start");
        var written = new List<string>();
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            for (var seen = 1; seen <= lines; seen++)
            {
                var line =
                    await process.StandardOutput.ReadLineAsync(late.Token) ?? throw new InvalidOperationException("it ended by itself");
                if (line.StartsWith("written ", StringComparison.Ordinal))
                {
                    written.Add(line["written ".Length..]);
                }

                if (seen < lines || goesOnAtLast)
                {
                    await process.StandardInput.WriteLineAsync();
                    await process.StandardInput.FlushAsync(late.Token);
                }
            }

            using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            while (until?.Invoke() == false)
            {
                await tick.WaitForNextTickAsync(late.Token);
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        return written;
    }

    private Dictionary<string, long> Applied()
    {
        using var db = SqliteDb.Open(AppFile, vfs: null);
        using var rows = db.Prepare("SELECT id, times FROM applied");
        var applied = new Dictionary<string, long>(StringComparer.Ordinal);
        while (rows.Step())
        {
            applied[rows.Text(0)] = rows.Long(1);
        }

        return applied;
    }
}
