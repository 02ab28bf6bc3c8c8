using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Writes rows as the body of a push, straight from SQLite's columns.</summary>
internal sealed class BatchBody : IDisposable
{
    /// <summary>What every reading statement selects, in this order.</summary>
    public const string Columns =
        "seq, operation_id, lamport_ts, entity, entity_id, field, op, payload, schema, published, origin, state, lane";

    /// <summary>An operation's JSON beside its texts and payload, and the tail of the body, at most.</summary>
    private const int Overhead = 340;

    /// <summary>A control character in a text becomes an escape of six.</summary>
    private const int WorstEscape = 6;

    private static readonly JsonWriterOptions Options = new()
    {
        SkipValidation = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
    private static readonly JsonEncodedText[] Kinds =
    [
        .. new[] { "set", "insert", "delete", "noop" }.Select(kind => JsonEncodedText.Encode(kind)),
    ];
    private static readonly JsonEncodedText[] LaneNames = [JsonEncodedText.Encode("priority"), JsonEncodedText.Encode("bulk")];

    private readonly ArrayBufferWriter<byte> _buffer;
    private readonly Utf8JsonWriter _json;
    private readonly List<PushBatch.Row> _rows = [];
    private readonly Lane _lane;
    private readonly long _clock;
    private readonly (long Id, string? Head, int Epoch) _known;
    private readonly int _headBytes;
    private long _maxLamport;

    public BatchBody(Lane lane, DeviceId device, in ClockRow row, ArrayBufferWriter<byte> buffer)
    {
        (_lane, _clock, _buffer) = (lane, row.Lamport, buffer);
        _known = (row.HubLastId, row.HubHead, row.HistoryEpoch);
        _json = new Utf8JsonWriter(buffer, Options);
        _json.WriteStartObject();
        _json.WriteString("device_id"u8, device.Value);
        _json.WriteNumber("clock"u8, row.Lamport);
        if (row.HubHead is { } head)
        {
            _json.WriteStartObject("known"u8);
            _json.WriteNumber("last_id"u8, row.HubLastId);
            _json.WriteString("head"u8, head);
            _json.WriteEndObject();
        }

        _json.WriteStartArray("ops"u8);
        _headBytes = Written;
    }

    public int Count => _rows.Count;

    /// <summary>Whether the row that the statement stands on still fits; the first always does.</summary>
    public bool Fits(Statement row, int maxBytes) =>
        _rows.Count == 0
        || Written + ((row.Bytes(3).Length + row.Bytes(4).Length + row.Bytes(5).Length) * WorstEscape) + row.Bytes(7).Length + Overhead
            <= maxBytes;

    public void Append(Statement row, EntityKey key)
    {
        var offset = Written + (_rows.Count > 0 ? 1 : 0);
        var id = row.Id(1);
        var lamport = row.Long(2);
        var lane = (Lane)row.Long(12);
        _json.WriteStartObject();
        _json.WriteString("operation_id"u8, id.Value);
        _json.WriteNumber("lamport_ts"u8, lamport);
        _json.WriteString("entity"u8, row.Bytes(3));
        _json.WriteString("entity_id"u8, row.Bytes(4));
        if (row.IsNull(5))
        {
            _json.WriteNull("field"u8);
        }
        else
        {
            _json.WriteString("field"u8, row.Bytes(5));
        }

        _json.WriteString("op"u8, Kinds[row.Long(6)]);
        var payload = row.Bytes(7);
        var payloadBytes = payload.Length;
        if (payload.IsEmpty)
        {
            _json.WriteNull("payload"u8);
        }
        else
        {
            _json.WritePropertyName("payload"u8);
            _json.WriteRawValue(payload, skipInputValidation: true);
        }

        _json.WriteString("lane"u8, LaneNames[(int)lane]);
        _json.WriteNumber("schema"u8, row.Long(8));
        _json.WriteBoolean("published"u8, row.Long(9) != 0);
        if (!row.IsNull(10))
        {
            _json.WriteString("device_id"u8, row.Bytes(10));
        }

        _json.WriteEndObject();
        _maxLamport = Math.Max(_maxLamport, lamport);
        _rows.Add(new PushBatch.Row(row.Long(0), id, lamport, lane, key, offset, Written - offset, payloadBytes));
    }

    /// <summary>Null when nothing was appended.</summary>
    public PushBatch? Finish((long After, long Until) span, long firstSkipped, int shiftEpoch)
    {
        _json.WriteEndArray();
        _json.WriteEndObject();
        _json.Flush();
        return _rows.Count == 0
            ? null
            : new PushBatch(_lane, _clock, _maxLamport, _buffer, _headBytes, [.. _rows])
            {
                Span = span,
                FirstSkipped = firstSkipped,
                ShiftEpoch = shiftEpoch,
                KnownId = _known.Id,
                KnownHead = _known.Head,
                HistoryEpoch = _known.Epoch,
            };
    }

    public void Dispose() => _json.Dispose();

    private int Written => (int)(_json.BytesCommitted + _json.BytesPending);
}
