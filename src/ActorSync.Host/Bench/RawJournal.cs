using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;

namespace ActorSync.Host.Bench;

/// <summary>The control: the same rows, schema, indexes and PRAGMAs, inserted in groups by a plain loop on one prepared statement.</summary>
internal sealed class RawJournal : IDisposable
{
    private readonly OpenJournal _open;
    private readonly Statement _insert;
    private readonly OperationIdSource _ids;
    private long _seq;

    public RawJournal(string path, JournalSettings settings, SyncPlatform platform)
    {
        _open = JournalFile.Open(path, settings, platform);
        _ids = new OperationIdSource(platform.Time, platform.Chance);
        _insert = _open.Db.Prepare(
            "INSERT INTO op_journal (seq, operation_id, lamport_ts, entity, entity_id, field, op, payload, lane, schema, created_at) "
                + "VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6, ?7, ?8, ?9, ?10)"
        );
    }

    public SqliteDb Db => _open.Db;

    public void InsertGroup(int rows, long first)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        _open.Db.Begin();
        for (var i = 0; i < rows; i++)
        {
            var operation = BenchData.Operation(first + i);
            _ids.Next().WriteTo(id);
            _seq++;
            _insert
                .Bind(1, _seq)
                .BindBlob(2, id)
                .Bind(3, _seq)
                .BindText(4, operation.Entity)
                .BindText(5, operation.EntityId)
                .Bind(6, (long)operation.Kind)
                .BindText(7, operation.Payload.Span)
                .Bind(8, (long)operation.Lane)
                .Bind(9, operation.Schema)
                .Bind(10, 1_700_000_000_000 + _seq)
                .Run();
        }

        _open.Db.Commit();
    }

    public void Dispose() => _open.Dispose();
}
