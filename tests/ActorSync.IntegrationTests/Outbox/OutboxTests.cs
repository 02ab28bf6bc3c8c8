using System.Security.Cryptography;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Outbox;

public sealed class OutboxTests : IDisposable
{
    private const int Kills = 12;
    private readonly string _folder = Directory.CreateTempSubdirectory("actorsync-outbox-").FullName;

    private string AppFile => Path.Combine(_folder, "app.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    [Trait("criterion", "Q7")]
    public async Task A_killed_app_leaves_the_row_and_its_operation_or_neither()
    {
        var chance = new Random(7);
        var (next, committed, rolledBack) = (0, new List<string>(), new List<string>());
        for (var kill = 0; kill < Kills; kill++)
        {
            var (done, undone) = await SampleApp.RunAsync(AppFile, next, 100_000, killAfterLines: chance.Next(1, 120));
            committed.AddRange(done);
            rolledBack.AddRange(undone);
            next += 100_000;
            var tracks = Read("SELECT id FROM track ORDER BY rowid");
            Read("SELECT entity_id FROM actorsync_outbox ORDER BY seq").ShouldBe(tracks);
            committed.Except(tracks).ShouldBeEmpty();
            rolledBack.Intersect(tracks).ShouldBeEmpty();
        }

        rolledBack.ShouldNotBeEmpty();
    }

    [Fact]
    [Trait("criterion", "Q7")]
    public async Task The_forwarder_carries_each_operation_over_once_in_order_and_does_not_write_the_apps_file()
    {
        await SampleApp.RunAsync(AppFile, 0, 2_000, killAfterLines: 1_500);
        var tracks = Read("SELECT id FROM track ORDER BY rowid");
        var before = Fingerprint();

        // Twice: the second start goes on where the journal says, and finds nothing new.
        for (var start = 0; start < 2; start++)
        {
            await using var runtime = await StartAsync();
            await runtime.Default.AttachOutboxAsync("app", AppFile);
            await Until(async () => (await runtime.Default.GetCheckpointAsync("outbox:app", CancellationToken.None)) >= tracks.Count);
            var rows = (await runtime.Default.ListAsync(RowState.Pending, 0, 10_000, CancellationToken.None)).Items;
            rows.Select(row => row.EntityId).ShouldBe(tracks);
        }

        Fingerprint().ShouldBe(before);
    }

    [Fact]
    [Trait("criterion", "Q7")]
    public async Task What_the_app_commits_while_the_runtime_runs_is_carried_over_too()
    {
        await SampleApp.RunAsync(AppFile, 0, 5, killAfterLines: null);
        await using var runtime = await StartAsync();
        await runtime.Default.AttachOutboxAsync("app", AppFile);
        var (committed, _) = await SampleApp.RunAsync(AppFile, 100, 700, killAfterLines: null);
        runtime.Default.NotifyOutbox("app");
        await Until(async () => (await runtime.Default.GetCountsAsync(CancellationToken.None)).Pending >= committed.Count + 4);
        var rows = (await runtime.Default.ListAsync(RowState.Pending, 0, 10_000, CancellationToken.None)).Items;
        rows.Select(row => row.EntityId).ShouldBe(Read("SELECT id FROM track ORDER BY rowid"));
    }

    private Task<SyncRuntime> StartAsync() =>
        SyncRuntime.StartAsync(SyncOptionsReader.Read(Path.Combine(_folder, "data")) with { Online = false });

    private List<string> Read(string sql)
    {
        using var db = SqliteDb.Open(AppFile, vfs: null);
        using var rows = db.Prepare(sql);
        var texts = new List<string>();
        while (rows.Step())
        {
            texts.Add(rows.Text(0));
        }

        return texts;
    }

    // The database and its log; the shared-memory index beside them belongs to readers too.
    private string Fingerprint()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in new[] { AppFile, AppFile + "-wal" }.Where(File.Exists))
        {
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task Until(Func<Task<bool>> fact)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await fact())
        {
            await tick.WaitForNextTickAsync(patience.Token);
        }
    }
}
