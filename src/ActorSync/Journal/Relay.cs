using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Wire;

namespace ActorSync.Journal;

/// <summary>What the hub lacks: noted by its place in the replica, told as it stands there when it goes (WIRE rules j and l).</summary>
/// <remarks>
/// Each register and tombstone goes up as one published operation with the stamp and the device of the one that wrote it. A note is crossed out when the
/// hub has named it; told twice, it is a duplicate there.
/// </remarks>
internal sealed class Relay(JournalTables tables)
{
    /// <summary>An operation's JSON beside its texts and its value, at most; a control character in a text becomes an escape of six.</summary>
    private const int Overhead = 400;
    private const int WorstEscape = 6;

    private static readonly JsonWriterOptions Options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly Statement _note = tables.Db.Prepare(
        "INSERT OR REPLACE INTO relay (entity, entity_id, kind, register, refused) VALUES (?1, ?2, ?3, ?4, NULL)"
    );

    private readonly Statement _next = tables.Db.Prepare(
        "SELECT n.entity, n.entity_id, n.kind, n.register, r.value, r.lamport_ts, d.device_id, r.operation_id FROM relay n "
            + "JOIN replica r ON r.entity = n.entity AND r.entity_id = n.entity_id AND r.kind = n.kind AND r.register = n.register "
            + "JOIN device d ON d.id = r.device WHERE n.refused IS NULL ORDER BY n.entity, n.entity_id, n.kind, n.register LIMIT ?1"
    );

    private readonly Statement _any = tables.Db.Prepare("SELECT 1 FROM relay WHERE refused IS NULL LIMIT 1");
    private readonly Statement _done = tables.Db.Prepare(
        "DELETE FROM relay WHERE entity = ?1 AND entity_id = ?2 AND kind = ?3 AND register = ?4"
    );

    private readonly Statement _refuse = tables.Db.Prepare(
        "UPDATE relay SET refused = ?5 WHERE entity = ?1 AND entity_id = ?2 AND kind = ?3 AND register = ?4"
    );

    private readonly Statement _offerAgain = tables.Db.Prepare("UPDATE relay SET refused = NULL WHERE refused IS NOT NULL");
    private readonly List<(byte[] Entity, byte[] EntityId, long Kind, byte[] Register)> _places = [];

    public bool HasAny
    {
        get
        {
            var any = _any.Step();
            _any.Reset();
            return any;
        }
    }

    public void Note(ReadOnlySpan<byte> entity, ReadOnlySpan<byte> entityId, long kind, ReadOnlySpan<byte> register) =>
        _note.BindText(1, entity).BindText(2, entityId).Bind(3, kind).BindText(4, register).Run();

    public void OfferAgain() => _offerAgain.Run();

    /// <summary>Null when nothing is left to tell. One batch is out at a time.</summary>
    public PushBatch? Read(int maxOperations, int maxBytes)
    {
        _places.Clear();
        var buffer = new ArrayBufferWriter<byte>(16 << 10);
        using var json = new Utf8JsonWriter(buffer, Options);
        var headBytes = WriteHead(json);
        var rows = new List<PushBatch.Row>();
        long maxLamport = 0;
        _next.Bind(1, maxOperations);
        try
        {
            while (_next.Step() && (rows.Count == 0 || Written(json) + SizeOf(_next) <= maxBytes))
            {
                var row = WriteRow(json, rows.Count);
                rows.Add(row);
                maxLamport = Math.Max(maxLamport, row.Lamport);
                _places.Add((_next.Bytes(0).ToArray(), _next.Bytes(1).ToArray(), _next.Long(2), _next.Bytes(3).ToArray()));
            }
        }
        finally
        {
            _next.Reset();
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        ref var clock = ref tables.Row;
        return rows.Count == 0
            ? null
            : new PushBatch(Lane.Bulk, clock.Lamport, maxLamport, buffer, headBytes, [.. rows])
            {
                KnownId = clock.HubLastId,
                KnownHead = clock.HubHead,
                HistoryEpoch = clock.HistoryEpoch,
            };
    }

    /// <summary>Inside the caller's transaction.</summary>
    public void Settle(PushBatch batch, PushResult result)
    {
        if (batch.Count != _places.Count)
        {
            return;
        }

        foreach (var accepted in result.Accepted)
        {
            Bind(_done, _places[accepted.Index]).Run();
        }

        foreach (var rejected in result.Rejected)
        {
            Bind(_refuse, _places[rejected.Index]).BindText(5, $"{rejected.Error}: {rejected.Message}").Run();
        }
    }

    private static Statement Bind(Statement statement, in (byte[] Entity, byte[] EntityId, long Kind, byte[] Register) place) =>
        statement.BindText(1, place.Entity).BindText(2, place.EntityId).Bind(3, place.Kind).BindText(4, place.Register);

    private int WriteHead(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("device_id"u8, tables.Device.Value);
        json.WriteNumber("clock"u8, tables.Row.Lamport);
        if (tables.Row.HubHead is { } head)
        {
            json.WriteStartObject("known"u8);
            json.WriteNumber("last_id"u8, tables.Row.HubLastId);
            json.WriteString("head"u8, head);
            json.WriteEndObject();
        }

        json.WriteStartArray("ops"u8);
        return Written(json);
    }

    private PushBatch.Row WriteRow(Utf8JsonWriter json, int index)
    {
        var register = _next.Bytes(3);
        var value = _next.Bytes(4);
        var lamport = _next.Long(5);
        var isTombstone = _next.Long(2) == 0;
        var id = RepairOperation.IdOf(_next.Id(7), isTombstone, register);
        var shape = RepairOperation.ShapeOf(isTombstone, register, value);
        var offset = Written(json) + (index > 0 ? 1 : 0);
        json.WriteStartObject();
        json.WriteString("operation_id"u8, id.Value);
        json.WriteNumber("lamport_ts"u8, lamport);
        json.WriteString("device_id"u8, _next.Bytes(6));
        json.WriteString("entity"u8, _next.Bytes(0));
        json.WriteString("entity_id"u8, _next.Bytes(1));
        if (shape == RepairShape.Field)
        {
            json.WriteString("field"u8, register);
        }
        else
        {
            json.WriteNull("field"u8);
        }

        json.WriteString("op"u8, isTombstone ? "delete"u8 : "set"u8);
        json.WritePropertyName("payload"u8);
        switch (shape)
        {
            case RepairShape.Tombstone:
                json.WriteNullValue();
                break;
            case RepairShape.Member:
                json.WriteStartObject();
                json.WritePropertyName(register);
                json.WriteRawValue(value, skipInputValidation: true);
                json.WriteEndObject();
                break;
            default:
                json.WriteRawValue(value, skipInputValidation: true);
                break;
        }

        json.WriteString("lane"u8, "bulk"u8);
        json.WriteNumber("schema"u8, 1);
        json.WriteBoolean("published"u8, true);
        json.WriteEndObject();
        var key = EntityKey.Of(_next.Bytes(0), _next.Bytes(1));
        return new PushBatch.Row(0, id, lamport, Lane.Bulk, key, offset, Written(json) - offset, value.Length);
    }

    private static int SizeOf(Statement row) =>
        ((row.Bytes(0).Length + row.Bytes(1).Length + row.Bytes(3).Length) * WorstEscape) + row.Bytes(4).Length + Overhead;

    private static int Written(Utf8JsonWriter json) => (int)(json.BytesCommitted + json.BytesPending);
}
