using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace ActorSync.Changes;

/// <summary>
/// How far the app has applied the changes of the replica, kept in the app's own SQLite file and moved in the same transaction as the app's writes.
/// The other direction of <see cref="Outbox.AppOutbox"/>.
/// </summary>
/// <remarks>
/// <see cref="SyncProfile.ApplyChangesAsync"/> does all of this. By hand: read on from <see cref="Position"/> with
/// <see cref="SyncProfile.ChangesSince"/>, and call <see cref="Take"/> in each transaction.
/// </remarks>
public static class AppInbox
{
    private const int TokenBytes = 16;

    private const string Schema = """
        CREATE TABLE IF NOT EXISTS actorsync_inbox (
          name TEXT PRIMARY KEY,
          epoch BLOB NOT NULL,
          position INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS actorsync_deferred (
          name TEXT NOT NULL,
          entity TEXT NOT NULL,
          entity_id TEXT NOT NULL,
          reason TEXT NOT NULL,
          attempts INTEGER NOT NULL,
          since INTEGER NOT NULL,
          PRIMARY KEY (name, entity, entity_id)
        ) WITHOUT ROWID;
        """;

    /// <summary>Creates the inbox's tables in the app's file when they are not there.</summary>
    public static void Install(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
    }

    /// <summary>Behind what the file holds; null when nothing was applied under that name.</summary>
    public static ChangePosition? Position(SqliteConnection connection, string name)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = Command(connection, null, "SELECT epoch, position FROM actorsync_inbox WHERE name = $name", ("$name", name));
        using var row = command.ExecuteReader();
        return row.Read() ? new ChangePosition(new Guid(row.GetFieldValue<byte[]>(0), bigEndian: true), row.GetInt64(1)) : null;
    }

    /// <summary>Moves the position to that of the change, in the app's transaction. It counts when that commits.</summary>
    /// <returns>False: the file holds it already; write nothing.</returns>
    public static bool Take(SqliteConnection connection, SqliteTransaction transaction, string name, ReplicaChange change)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(change);
        var epoch = new byte[TokenBytes];
        change.Position.Epoch.TryWriteBytes(epoch, bigEndian: true, out _);
        using var command = Command(
            connection,
            transaction,
            "INSERT INTO actorsync_inbox (name, epoch, position) VALUES ($name, $epoch, $position) ON CONFLICT (name) DO UPDATE "
                + "SET epoch = excluded.epoch, position = excluded.position "
                + "WHERE $restart OR excluded.epoch <> epoch OR excluded.position > position",
            ("$name", name),
            ("$epoch", epoch),
            ("$position", change.Position.Value),
            ("$restart", change is SnapshotStarts)
        );
        return command.ExecuteNonQuery() > 0;
    }

    /// <summary>What the handler of that name could not take, the longest waiting first.</summary>
    public static ImmutableArray<DeferredChange> Deferred(SqliteConnection connection, string name)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = Command(
            connection,
            null,
            "SELECT entity, entity_id, reason, attempts, since FROM actorsync_deferred WHERE name = $name ORDER BY since, entity, entity_id",
            ("$name", name)
        );
        using var row = command.ExecuteReader();
        var deferred = ImmutableArray.CreateBuilder<DeferredChange>();
        while (row.Read())
        {
            var since = DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(4));
            deferred.Add(new DeferredChange(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), since));
        }

        return deferred.ToImmutable();
    }

    internal static void Defer(SqliteTransaction transaction, string name, EntityChanged change, string reason, DateTimeOffset now)
    {
        using var command = Command(
            transaction.Connection!,
            transaction,
            "INSERT INTO actorsync_deferred (name, entity, entity_id, reason, attempts, since) VALUES ($name, $entity, $id, $reason, 1, $now) "
                + "ON CONFLICT (name, entity, entity_id) DO UPDATE SET reason = excluded.reason, attempts = attempts + 1",
            ("$name", name),
            ("$entity", change.Entity),
            ("$id", change.EntityId),
            ("$reason", reason),
            ("$now", now.ToUnixTimeMilliseconds())
        );
        command.ExecuteNonQuery();
    }

    internal static void Resolve(SqliteTransaction transaction, string name, EntityChanged change)
    {
        using var command = Command(
            transaction.Connection!,
            transaction,
            "DELETE FROM actorsync_deferred WHERE name = $name AND entity = $entity AND entity_id = $id",
            ("$name", name),
            ("$entity", change.Entity),
            ("$id", change.EntityId)
        );
        command.ExecuteNonQuery();
    }

    private static SqliteCommand Command(
        SqliteConnection connection,
        SqliteTransaction? transaction,
        string sql,
        params ReadOnlySpan<(string Name, object Value)> values
    )
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var (name, value) in values)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command;
    }
}
