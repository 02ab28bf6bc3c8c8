using System.Collections.Immutable;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Keeps what was overwritten by another device, and what could not be merged: the newest of each.</summary>
/// <remarks>Every write stands inside the caller's transaction.</remarks>
internal sealed class Conflicts(JournalTables tables)
{
    public const int Kept = 10_000;
    private const int MostRawBytes = 64 << 10;

    /// <summary>Values of one page: it goes to an actor and on to a console, whatever the rows carry.</summary>
    private const int MostBytes = 4 << 20;

    private readonly Statement _add = tables.Db.Prepare(
        "INSERT INTO conflict (entity, entity_id, register, won_value, won_lamport, won_device, won_operation, lost_value, lost_lamport, lost_device, "
            + "lost_operation, found_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    );

    private readonly Statement _trim = tables.Db.Prepare($"DELETE FROM conflict WHERE id <= (SELECT max(id) FROM conflict) - {Kept}");
    private readonly Statement _list = tables.Db.Prepare(
        "SELECT id, entity, entity_id, register, won_value, won_lamport, won_device, won_operation, lost_value, lost_lamport, lost_device, lost_operation, "
            + "found_at FROM conflict WHERE id < ?1 ORDER BY id DESC LIMIT ?2"
    );

    private readonly Statement _setAside = tables.Db.Prepare(
        "INSERT INTO quarantine (hub_id, reason, raw, came_at) VALUES (?1, ?2, ?3, ?4)"
    );

    private readonly Statement _trimSetAside = tables.Db.Prepare(
        $"DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - {Kept}"
    );

    private readonly Statement _listSetAside = tables.Db.Prepare(
        "SELECT id, hub_id, reason, raw, came_at FROM quarantine ORDER BY id DESC LIMIT ?1"
    );

    // Ids are given one by one, and only the lowest go.
    private readonly Statement _counts = tables.Db.Prepare(
        "SELECT (SELECT max(id) FROM conflict) - (SELECT min(id) FROM conflict) + 1, "
            + "(SELECT max(id) FROM quarantine) - (SELECT min(id) FROM quarantine) + 1"
    );

    public (long Overwritten, long SetAside) Count()
    {
        _counts.Step();
        var counts = (_counts.LongOrNull(0) ?? 0, _counts.LongOrNull(1) ?? 0);
        _counts.Reset();
        return counts;
    }

    public void Add(ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId, ReadOnlySpan<byte> register, in Write won, in Write lost)
    {
        _add.BindText(1, entity).BindText(2, entityId).BindText(3, register);
        if (won.IsTombstone)
        {
            _add.BindNull(4);
        }
        else
        {
            _add.BindText(4, won.Value);
        }

        _add.Bind(5, won.Lamport).BindText(6, won.Device).BindBlob(7, won.Operation);
        _add.BindText(8, lost.Value).Bind(9, lost.Lamport).BindText(10, lost.Device).BindBlob(11, lost.Operation);
        _add.Bind(12, tables.NowMilliseconds).Run();
        _trim.Run();
    }

    public void SetAside(long hubId, string reason, ReadOnlySpan<byte> raw)
    {
        _setAside.Bind(1, hubId).BindText(2, reason).BindBlob(3, raw[..Math.Min(raw.Length, MostRawBytes)]);
        _setAside.Bind(4, tables.NowMilliseconds).Run();
        _trimSetAside.Run();
    }

    public ImmutableArray<ConflictRow> List(long belowId, int limit)
    {
        var rows = ImmutableArray.CreateBuilder<ConflictRow>();
        _list.Bind(1, belowId).Bind(2, Math.Max(limit, 0));
        for (var bytes = 0; bytes < MostBytes && _list.Step(); )
        {
            bytes += _list.Bytes(4).Length + _list.Bytes(8).Length;
            rows.Add(
                new ConflictRow(
                    _list.Long(0),
                    _list.Text(1),
                    _list.Text(2),
                    _list.Text(3),
                    _list.TextOrNull(4),
                    new MergeKey(_list.Long(5), new DeviceId(_list.Text(6)), _list.Id(7)),
                    _list.Text(8),
                    new MergeKey(_list.Long(9), new DeviceId(_list.Text(10)), _list.Id(11)),
                    DateTimeOffset.FromUnixTimeMilliseconds(_list.Long(12))
                )
            );
        }

        _list.Reset();
        return rows.ToImmutable();
    }

    public ImmutableArray<QuarantineRow> ListSetAside(int limit)
    {
        var rows = ImmutableArray.CreateBuilder<QuarantineRow>();
        _listSetAside.Bind(1, Math.Max(limit, 0));
        while (_listSetAside.Step())
        {
            rows.Add(
                new QuarantineRow(
                    _listSetAside.Long(0),
                    _listSetAside.Long(1),
                    _listSetAside.Text(2),
                    _listSetAside.Bytes(3).ToArray(),
                    DateTimeOffset.FromUnixTimeMilliseconds(_listSetAside.Long(4))
                )
            );
        }

        _listSetAside.Reset();
        return rows.ToImmutable();
    }

    /// <summary>One side of a conflict.</summary>
    internal readonly ref struct Write
    {
        public bool IsTombstone { get; init; }

        public ReadOnlySpan<byte> Value { get; init; }

        public long Lamport { get; init; }

        public ReadOnlySpan<byte> Device { get; init; }

        public ReadOnlySpan<byte> Operation { get; init; }

        /// <summary>WIRE rule b.</summary>
        public int Against(in Write other)
        {
            var order = Lamport.CompareTo(other.Lamport);
            order = order != 0 ? order : Device.SequenceCompareTo(other.Device);
            return order != 0 ? order : Operation.SequenceCompareTo(other.Operation);
        }
    }
}
