using System.Text.Json;
using ActorSync;
using ActorSync.Changes;
using Microsoft.Data.Sqlite;

namespace Samples;

public static class SampleInbox
{
    public static async Task RunAsync(SyncRuntime sync, string file, CancellationToken stoppingToken)
    {
        await using var app = new SqliteConnection($"Data Source={file}");
        await app.OpenAsync(stoppingToken);
        await sync.ApplyChangesAsync("playlists", app, ApplyAsync, entity: "playlist", stoppingToken);
    }

    private static async ValueTask<ChangeOutcome> ApplyAsync(EntityChanged change, SqliteTransaction transaction, CancellationToken _)
    {
        await using var write = transaction.Connection!.CreateCommand();
        write.Transaction = transaction; // the row and the position commit together
        write.CommandText = "DELETE FROM playlist WHERE id = $id";
        write.Parameters.AddWithValue("$id", change.EntityId);
        if (!change.IsDeleted)
        {
            if (!change.Registers.TryGetValue("name", out var name))
            {
                return ChangeOutcome.Defer("it has no name yet"); // handed over again later
            }

            write.CommandText = "INSERT OR REPLACE INTO playlist (id, name) VALUES ($id, $name)";
            write.Parameters.AddWithValue("$name", JsonSerializer.Deserialize<string>(name.Json));
        }

        await write.ExecuteNonQueryAsync(CancellationToken.None);
        return ChangeOutcome.Applied;
    }
}
