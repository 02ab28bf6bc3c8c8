using ActorSync.Model;
using Microsoft.Data.Sqlite;

namespace ActorSync.Benchmarks;

/// <summary>A way to keep an operation until it is sent.</summary>
internal interface IOutbox : IDisposable
{
    /// <summary>On disk when it returns.</summary>
    void Add(NewOperation operation);
}

/// <summary>One prepared insert, one transaction an operation.</summary>
internal sealed class PlainOutbox : IOutbox
{
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;

    public PlainOutbox(string folder)
    {
        _connection = new SqliteConnection($"Data Source={Path.Combine(folder, "plain.db")};Pooling=False");
        _connection.Open();
        Run("PRAGMA journal_mode = WAL");
        Run("PRAGMA synchronous = FULL");
        Run(
            "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, operation_id BLOB NOT NULL UNIQUE, entity TEXT, entity_id TEXT, op INTEGER, payload TEXT)"
        );
        _insert = _connection.CreateCommand();
        _insert.CommandText =
            "INSERT INTO outbox (operation_id, entity, entity_id, op, payload) VALUES ($id, $entity, $entityId, $op, $payload)";
        foreach (var name in new[] { "$id", "$entity", "$entityId", "$op", "$payload" })
        {
            _insert.Parameters.Add(new SqliteParameter { ParameterName = name });
        }
    }

    public void Add(NewOperation operation)
    {
        object[] values =
        [
            Guid.CreateVersion7().ToByteArray(bigEndian: true),
            operation.Entity,
            operation.EntityId,
            (int)operation.Kind,
            System.Text.Encoding.UTF8.GetString(operation.Payload.Span),
        ];
        for (var i = 0; i < values.Length; i++)
        {
            _insert.Parameters[i].Value = values[i];
        }

        _insert.ExecuteNonQuery();
    }

    public void Dispose()
    {
        _insert.Dispose();
        _connection.Dispose();
    }

    private void Run(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
