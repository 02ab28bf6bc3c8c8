using System.Collections.Concurrent;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using Microsoft.Data.Sqlite;

namespace ActorSync.Outbox;

/// <summary>
/// Enqueues inside the app's own SQLite transaction: the app's write and its operation are on disk together or not at all. The runtime carries the
/// operation over into its journal after the commit (attach the file with <see cref="SyncProfile.AttachOutboxAsync"/>).
/// </summary>
/// <remarks>The transactional outbox pattern. The runtime only reads the app's file; what was carried over is deleted here, by the app's own connection.</remarks>
public static class AppOutbox
{
    internal const string Table = "actorsync_outbox";

    /// <summary>Rows that one enqueue deletes behind the mark at most, so that no transaction of the app grows by more.</summary>
    private const int TrimRows = 256;

    // AUTOINCREMENT: a number must not come back after the table was emptied, or the forwarder would take it for done.
    private const string Schema = $"""
        CREATE TABLE IF NOT EXISTS {Table} (
          seq INTEGER PRIMARY KEY AUTOINCREMENT,
          operation_id BLOB NOT NULL UNIQUE,
          entity TEXT NOT NULL,
          entity_id TEXT NOT NULL,
          field TEXT,
          op INTEGER NOT NULL,
          payload TEXT,
          lane INTEGER NOT NULL,
          schema INTEGER NOT NULL
        )
        """;

    private static readonly ConcurrentDictionary<string, long> Forwarded = new(StringComparer.Ordinal);
    private static readonly OperationIdSource Ids = new(TimeProvider.System, new SystemChance());

    /// <summary>Creates the outbox's table in the app's file when it is not there. Call it once, with the app's own migrations.</summary>
    public static void Install(SqliteConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        using var command = connection.CreateCommand();
        command.CommandText = Schema;
        command.ExecuteNonQuery();
    }

    /// <summary>Adds the operation to the app's transaction. It counts when that commits.</summary>
    /// <returns>The operation's id: the given one, or a new one.</returns>
    /// <exception cref="InvalidOperationRefusedException">The operation breaks a bound; the transaction is as it was.</exception>
    public static OperationId Enqueue(SqliteConnection connection, SqliteTransaction transaction, NewOperation operation)
    {
        ArgumentNullException.ThrowIfNull(connection);
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(operation);
        if (Intake.Check(operation, Ids.Next, out var intake) is { } fault)
        {
            throw new InvalidOperationRefusedException(fault.Field, fault.Message);
        }

        Insert(connection, transaction, intake);
        Trim(connection, transaction);
        return intake.Id;
    }

    /// <summary>The forwarder tells how far the journal has taken the file over; the app's next enqueue deletes behind it.</summary>
    internal static void SetForwarded(string path, long seq) => Forwarded[Path.GetFullPath(path)] = seq;

    private static void Insert(SqliteConnection connection, SqliteTransaction transaction, in Intake intake)
    {
        using var insert = connection.CreateCommand();
        insert.Transaction = transaction;
        insert.CommandText =
            $"INSERT INTO {Table} (operation_id, entity, entity_id, field, op, payload, lane, schema) VALUES ($id, $entity, $entityId, $field, $op, CAST($payload AS TEXT), $lane, $schema)";
        var id = new byte[OperationId.Bytes];
        intake.Id.WriteTo(id);
        var operation = intake.Operation;
        insert.Parameters.AddWithValue("$id", id);
        insert.Parameters.AddWithValue("$entity", operation.Entity);
        insert.Parameters.AddWithValue("$entityId", operation.EntityId);
        insert.Parameters.AddWithValue("$field", string.IsNullOrEmpty(operation.Field) ? DBNull.Value : operation.Field);
        insert.Parameters.AddWithValue("$op", (int)operation.Kind);
        insert.Parameters.AddWithValue("$payload", intake.Payload.IsEmpty ? DBNull.Value : intake.Payload.ToArray());
        insert.Parameters.AddWithValue("$lane", (int)operation.Lane);
        insert.Parameters.AddWithValue("$schema", operation.Schema);
        insert.ExecuteNonQuery();
    }

    private static void Trim(SqliteConnection connection, SqliteTransaction transaction)
    {
        if (string.IsNullOrEmpty(connection.DataSource) || !Forwarded.TryGetValue(Path.GetFullPath(connection.DataSource), out var mark))
        {
            return;
        }

        using var trim = connection.CreateCommand();
        trim.Transaction = transaction;
        trim.CommandText = $"DELETE FROM {Table} WHERE seq IN (SELECT seq FROM {Table} WHERE seq <= $mark ORDER BY seq LIMIT {TrimRows})";
        trim.Parameters.AddWithValue("$mark", mark);
        trim.ExecuteNonQuery();
    }
}
