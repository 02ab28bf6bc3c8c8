using System.Collections.Immutable;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Outbox;

/// <summary>Reads an app's outbox table over a connection that cannot write. Short reads only: in an app without WAL a reader holds off its writers.</summary>
internal sealed class OutboxReader : IDisposable
{
    private readonly SqliteDb _db;
    private readonly Statement _rows;

    /// <exception cref="SqliteFailure">No such file, no such table, busy.</exception>
    public OutboxReader(string path, string? vfs)
    {
        _db = SqliteDb.Open(path, vfs, readOnly: true);
        try
        {
            _rows = _db.Prepare(
                $"SELECT seq, operation_id, entity, entity_id, field, op, payload, lane, schema FROM {AppOutbox.Table} WHERE seq > ?1 ORDER BY seq LIMIT ?2"
            );
        }
        catch
        {
            _db.Dispose();
            throw;
        }
    }

    /// <summary>Changes whenever another connection has committed to the file.</summary>
    public long DataVersion => _db.QueryLong("PRAGMA data_version");

    public (ImmutableArray<NewOperation> Operations, long Last) Read(long after, int limit)
    {
        var operations = ImmutableArray.CreateBuilder<NewOperation>();
        _rows.Bind(1, after).Bind(2, limit);
        try
        {
            while (_rows.Step())
            {
                after = _rows.Long(0);
                operations.Add(
                    new NewOperation
                    {
                        OperationId = OperationId.FromBytes(_rows.Bytes(1)),
                        Entity = _rows.Text(2),
                        EntityId = _rows.Text(3),
                        Field = _rows.TextOrNull(4),
                        Kind = (OperationKind)_rows.Long(5),
                        Payload = _rows.Bytes(6).ToArray(),
                        Lane = (Lane)_rows.Long(7),
                        Schema = (int)_rows.Long(8),
                    }
                );
            }
        }
        finally
        {
            _rows.Reset();
        }

        return (operations.ToImmutable(), after);
    }

    public void Dispose() => _db.Dispose();
}
