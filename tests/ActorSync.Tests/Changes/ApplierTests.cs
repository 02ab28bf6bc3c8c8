using System.Collections.Immutable;
using System.Text.Json;
using ActorSync.Changes;
using Microsoft.Data.Sqlite;
using Samples;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Changes;

public sealed class ApplierTests : IAsyncLifetime
{
    private const string Schema =
        "CREATE TABLE IF NOT EXISTS playlist (id TEXT PRIMARY KEY, name TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1)";
    private readonly CancellationTokenSource _stop = new();
    private AppWorld _world = null!;

    public async Task InitializeAsync() => _world = await AppWorld.StartAsync();

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _world.DisposeAsync();
        _stop.Dispose();
    }

    [Fact]
    [Trait("criterion", "P8")]
    public async Task The_sample_of_the_README_follows_the_replica_and_takes_what_it_deferred_when_it_can()
    {
        await using var app = _world.OpenApp("CREATE TABLE playlist (id TEXT PRIMARY KEY, name TEXT NOT NULL)");
        await _world.PublishAsync(
            AppWorld.Set("playlist", "nameless", "size", "1"),
            AppWorld.Set("playlist", "1", "name", "\"Morning\""),
            AppWorld.Set("song", "s", "name", "\"not asked for\"")
        );
        var running = SampleInbox.RunAsync(_world.Sync, _world.AppFile, _stop.Token);
        await UntilAsync(app, "SELECT group_concat(name) FROM playlist", "Morning");
        await UntilAsync(app, "SELECT group_concat(entity_id || ': ' || reason) FROM actorsync_deferred", "nameless: it has no name yet");

        await _world.PublishAsync(AppWorld.Set("playlist", "nameless", "name", "\"Evening\""));
        await UntilAsync(app, "SELECT group_concat(name) FROM (SELECT name FROM playlist ORDER BY id)", "Morning,Evening");
        await _world.PublishAsync(
            new ActorSync.Model.NewOperation
            {
                Entity = "playlist",
                EntityId = "1",
                Kind = ActorSync.Model.OperationKind.Delete,
            }
        );
        await UntilAsync(app, "SELECT group_concat(name) FROM playlist", "Evening");

        AppInbox.Deferred(app, "playlists").ShouldBeEmpty();
        await StopAsync(running);
    }

    [Fact]
    [Trait("criterion", "P14")]
    public async Task A_handler_that_throws_is_tried_three_times_then_that_one_is_deferred_with_the_reason_and_others_go_on()
    {
        await _world.PublishAsync(Playlist("1"), Playlist("bad"), Playlist("3"));
        await using var app = _world.OpenApp(Schema);
        var (tries, healed) = (0, false);
        var running = _world.Sync.ApplyChangesAsync(
            "view",
            app,
            (change, transaction, _) =>
            {
                Write(change, transaction);
                if (change.EntityId == "bad" && !Volatile.Read(ref healed))
                {
                    Interlocked.Increment(ref tries);
                    throw new InvalidOperationException("no room on the shelf");
                }

                return ValueTask.FromResult(ChangeOutcome.Applied);
            },
            cancellation: _stop.Token
        );
        await using var eyes = _world.OpenApp("SELECT 1");
        await UntilAsync(eyes, "SELECT group_concat(id) FROM (SELECT id FROM playlist ORDER BY id)", "1,3");
        await UntilAsync(
            eyes,
            "SELECT group_concat(entity_id || ': ' || reason) FROM actorsync_deferred",
            "bad: InvalidOperationException: no room on the shelf"
        );
        Volatile.Read(ref tries).ShouldBeGreaterThanOrEqualTo(3);

        // Something else is applied: what waits is handed over with it.
        Volatile.Write(ref healed, true);
        await _world.PublishAsync(Playlist("4"));
        await UntilAsync(eyes, "SELECT group_concat(id) FROM (SELECT id FROM playlist ORDER BY id)", "1,3,4,bad");

        await UntilAsync(eyes, "SELECT count(*) FROM actorsync_deferred", "0");
        await UntilAsync(eyes, "SELECT max(times) FROM playlist", "1");
        await StopAsync(running);
    }

    [Fact]
    [Trait("criterion", "P8")]
    public async Task What_is_deferred_is_handed_over_again_at_the_next_start_and_what_was_applied_is_not()
    {
        await _world.PublishAsync(Playlist("1"), Playlist("2"));
        await using (var app = _world.OpenApp(Schema))
        {
            using var first = new CancellationTokenSource();
            var running = _world.Sync.ApplyChangesAsync("view", app, OldVersion, cancellation: first.Token);
            await using var eyes = _world.OpenApp("SELECT 1");
            await UntilAsync(eyes, "SELECT count(*) FROM sqlite_master WHERE name = 'actorsync_deferred'", "1");
            await UntilAsync(eyes, "SELECT group_concat(entity_id || ': ' || reason) FROM actorsync_deferred", "2: a newer shape");
            await first.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => running.WaitAsync(AppWorld.Deadline));
        }

        await _world.RestartAsync();
        await using (var app = _world.OpenApp(Schema))
        {
            var running = _world.Sync.ApplyChangesAsync("view", app, NewVersion, cancellation: _stop.Token);
            await using var eyes = _world.OpenApp("SELECT 1");
            await UntilAsync(eyes, "SELECT group_concat(id || times) FROM (SELECT * FROM playlist ORDER BY id)", "11,21");
            await StopAsync(running);
        }

        static ValueTask<ChangeOutcome> NewVersion(EntityChanged change, SqliteTransaction transaction, CancellationToken cancellation)
        {
            Write(change, transaction);
            return ValueTask.FromResult(ChangeOutcome.Applied);
        }

        static ValueTask<ChangeOutcome> OldVersion(EntityChanged change, SqliteTransaction transaction, CancellationToken cancellation)
        {
            // It has written before it sees that it cannot: none of it stays.
            Write(change, transaction);
            return ValueTask.FromResult(change.EntityId == "2" ? ChangeOutcome.Defer("a newer shape") : ChangeOutcome.Applied);
        }
    }

    [Fact]
    public void A_position_is_taken_once_and_only_with_the_transaction()
    {
        using var app = _world.OpenApp("SELECT 1");
        AppInbox.Install(app);
        var epoch = new Guid(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        var (five, six) = (Change(epoch, 5), Change(epoch, 6));

        Take(five, commit: false).ShouldBeTrue();
        AppInbox.Position(app, "view").ShouldBeNull();
        Take(six, commit: true).ShouldBeTrue();
        Take(six, commit: true).ShouldBeFalse();
        Take(five, commit: true).ShouldBeFalse();
        AppInbox.Position(app, "view").ShouldBe(six.Position);
        AppInbox.Position(app, "other").ShouldBeNull();

        // A snapshot starts over, under the same epoch too.
        Take(new SnapshotStarts(new ChangePosition(epoch, 0)), commit: true).ShouldBeTrue();
        Take(five, commit: true).ShouldBeTrue();

        bool Take(ReplicaChange change, bool commit)
        {
            using var transaction = app.BeginTransaction();
            var taken = AppInbox.Take(app, transaction, "view", change);
            if (commit)
            {
                transaction.Commit();
            }

            return taken;
        }
    }

    private static EntityChanged Change(Guid epoch, long position) =>
        new(
            new ChangePosition(epoch, position),
            "playlist",
            "1",
            true,
            ImmutableSortedDictionary<string, RegisterValue>.Empty,
            null,
            IsOwn: false
        );

    private static ActorSync.Model.NewOperation Playlist(string id) => AppWorld.Set("playlist", id, "name", $"\"{id}\"");

    private static void Write(EntityChanged change, SqliteTransaction transaction)
    {
        using var write = transaction.Connection!.CreateCommand();
        write.Transaction = transaction;
        write.CommandText = "INSERT INTO playlist (id, name) VALUES ($id, $name) ON CONFLICT (id) DO UPDATE SET times = times + 1";
        write.Parameters.AddWithValue("$id", change.EntityId);
        write.Parameters.AddWithValue("$name", JsonSerializer.Deserialize<string>(change.Registers["name"].Json));
        write.ExecuteNonQuery();
    }

    private async Task StopAsync(Task running)
    {
        await _stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => running.WaitAsync(AppWorld.Deadline));
    }

    private static async Task UntilAsync(SqliteConnection app, string sql, string expected)
    {
        using var late = new CancellationTokenSource(AppWorld.Deadline);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (true)
        {
            await using var query = app.CreateCommand();
            query.CommandText = sql;
            if (Convert.ToString(await query.ExecuteScalarAsync(late.Token)) == expected)
            {
                return;
            }

            await tick.WaitForNextTickAsync(late.Token);
        }
    }
}
