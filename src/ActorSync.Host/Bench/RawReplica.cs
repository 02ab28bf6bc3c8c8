using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Wire;

namespace ActorSync.Host.Bench;

/// <summary>The control of a first sync: the same rows into the same table with the same PRAGMAs, by a plain loop on one prepared statement.</summary>
internal sealed class RawReplica : IDisposable
{
    private readonly OpenJournal _open;
    private readonly Statement _insert;
    private readonly Statement _device;
    private readonly Dictionary<DeviceId, long> _devices = [];

    public RawReplica(string path, JournalSettings settings, SyncPlatform platform)
    {
        _open = JournalFile.Open(path, settings, platform);
        _device = _open.Db.Prepare("INSERT INTO device (id, device_id) VALUES (?1, ?2)");
        _insert = _open.Db.Prepare(
            "INSERT INTO replica (entity, entity_id, kind, register, value, lamport_ts, device, operation_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        );
    }

    public void Insert(IReadOnlyList<SnapshotRow> rows)
    {
        Span<byte> id = stackalloc byte[OperationId.Bytes];
        _open.Db.Begin();
        foreach (var row in rows)
        {
            row.Operation.WriteTo(id);
            _insert
                .BindText(1, row.Entity)
                .BindText(2, row.EntityId)
                .Bind(3, row.IsTombstone ? 0 : 1)
                .BindText(4, row.Register)
                .BindText(5, row.Value.Span)
                .Bind(6, row.Lamport)
                .Bind(7, DeviceOf(row.Device))
                .BindBlob(8, id)
                .Run();
        }

        _open.Db.Commit();
    }

    public void Dispose() => _open.Dispose();

    private long DeviceOf(DeviceId device)
    {
        if (!_devices.TryGetValue(device, out var id))
        {
            // The journal's own device may stand there already.
            _devices.Add(device, id = 1000 + _devices.Count);
            _device.Bind(1, id).BindText(2, device.Value).Run();
        }

        return id;
    }
}
