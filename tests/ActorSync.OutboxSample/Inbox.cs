using ActorSync.Changes;
using ActorSync.Hosting;
using Microsoft.Data.Sqlite;

namespace ActorSync.OutboxSample;

/// <summary>The other way: each track of the replica goes into the app's table, and how often it did stands in its row.</summary>
internal static class Inbox
{
    /// <param name="data">The runtime's folder; it stays offline.</param>
    public static async Task RunAsync(SqliteConnection app, string data)
    {
        await using var sync = await SyncRuntime.StartAsync(SyncOptionsReader.Read(data) with { Online = false });
        await sync.ApplyChangesAsync(
            "tracks",
            app,
            (change, transaction, _) =>
            {
                Say($"writing {change.EntityId}");
                using var write = app.CreateCommand();
                write.Transaction = transaction;
                write.CommandText = "INSERT INTO applied (id, times) VALUES ($id, 1) ON CONFLICT (id) DO UPDATE SET times = times + 1";
                write.Parameters.AddWithValue("$id", change.EntityId);
                write.ExecuteNonQuery();
                Say($"written {change.EntityId}");
                return ValueTask.FromResult(ChangeOutcome.Applied);
            }
        );
    }

    /// <summary>Waits for a line after each of its own: whoever kills it knows where it is.</summary>
    private static void Say(string line)
    {
        Console.WriteLine(line);
        Console.ReadLine();
    }
}
