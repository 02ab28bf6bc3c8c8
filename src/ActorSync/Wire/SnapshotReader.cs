using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Reads a snapshot as it comes in, row by row, in bounded memory.</summary>
/// <remarks>It is whole only with its count, its digest and its closing brace. Rows must come in the digest's order.</remarks>
internal sealed class SnapshotReader : IDisposable
{
    private const int MostUnread = 4 << 20;

    private readonly ReplicaDigest _digest = new();
    private readonly List<SnapshotRow> _rows = [];
    private byte[] _buffer = new byte[128 << 10];
    private JsonReaderState _state = new(WireJson.Reading);
    private int _length;
    private Place _place = Place.Start;
    private string? _property;
    private (long? Cursor, string? Head, long Clock, long? Count, string? Digest) _seen;
    private SnapshotRow? _last;
    private byte[] _deviceBytes = [];
    private DeviceId _device;
    private long _rowsRead;

    private enum Place
    {
        Start,
        Members,
        Value,
        Rows,
        Over,
    }

    /// <summary>Rows that were read and not taken.</summary>
    public int Waiting => _rows.Count;

    /// <summary>Null until it was read whole.</summary>
    public SnapshotPoint? End { get; private set; }

    public List<SnapshotRow> Take()
    {
        var taken = _rows.ToList();
        _rows.Clear();
        return taken;
    }

    /// <summary>Gives what is wrong, or null.</summary>
    /// <param name="final">There is no more; with an empty piece too.</param>
    public string? Feed(ReadOnlySpan<byte> piece, bool final)
    {
        if (_length + piece.Length > _buffer.Length)
        {
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + piece.Length));
        }

        piece.CopyTo(_buffer.AsSpan(_length));
        _length += piece.Length;
        try
        {
            Read(final);
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return error.Message;
        }

        return _length > MostUnread ? $"a row of more than {MostUnread} bytes"
            : final && End is null ? "it ends early"
            : null;
    }

    public void Dispose() => _digest.Dispose();

    private void Read(bool final)
    {
        var json = new Utf8JsonReader(_buffer.AsSpan(0, _length), final, _state);
        var (consumed, state) = (0, _state);
        while (Next(ref json))
        {
            (consumed, state) = ((int)json.BytesConsumed, json.CurrentState);
        }

        _state = state;
        _buffer.AsSpan(consumed, _length - consumed).CopyTo(_buffer);
        _length -= consumed;
    }

    /// <summary>One whole item; false when it is not all there yet.</summary>
    private bool Next(ref Utf8JsonReader json)
    {
        if (!json.Read())
        {
            return false;
        }

        switch (_place)
        {
            case Place.Start when json.TokenType == JsonTokenType.StartObject:
                _place = Place.Members;
                return true;
            case Place.Members when json.TokenType == JsonTokenType.PropertyName:
                _property = json.GetString();
                _place = Place.Value;
                return true;
            case Place.Members when json.TokenType == JsonTokenType.EndObject:
                Finish();
                _place = Place.Over;
                return true;
            case Place.Value when _property == "rows":
                _place =
                    json.TokenType == JsonTokenType.StartArray && _rowsRead == 0 && _last is null
                        ? Place.Rows
                        : throw new JsonException("rows: once, a list");
                return true;
            case Place.Value:
                return ReadMember(ref json);
            case Place.Rows when json.TokenType == JsonTokenType.EndArray:
                _place = Place.Members;
                return true;
            case Place.Rows when json.TokenType == JsonTokenType.StartObject:
                return ReadRow(ref json);
            default:
                throw new JsonException($"{json.TokenType} is not expected there");
        }
    }

    private bool ReadMember(ref Utf8JsonReader json)
    {
        switch (_property)
        {
            case "cursor":
                _seen.Cursor = json.GetInt64();
                break;
            case "head":
                _seen.Head = json.GetString();
                break;
            case "clock":
                _seen.Clock = json.GetInt64();
                break;
            case "count":
                _seen.Count = json.GetInt64();
                break;
            case "digest":
                _seen.Digest = json.GetString();
                break;
            default:
                if (!json.TrySkip())
                {
                    return false;
                }

                break;
        }

        _place = Place.Members;
        return true;
    }

    private bool ReadRow(ref Utf8JsonReader json)
    {
        var start = (int)json.TokenStartIndex;
        if (!json.TrySkip())
        {
            return false;
        }

        var row = Parse(_buffer.AsMemory(start, (int)json.BytesConsumed - start));
        if (_last is { } before && Compare(before, row) >= 0)
        {
            throw new JsonException("the rows are not in order");
        }

        _last = row;
        _rowsRead++;
        _digest.Add(
            row.Entity,
            row.EntityId,
            row.IsTombstone ? ReplicaDigest.Tombstone : ReplicaDigest.Register,
            row.Register,
            row.Value.Span,
            row.Lamport,
            _deviceBytes
        );
        _rows.Add(row);
        return true;
    }

    private SnapshotRow Parse(ReadOnlyMemory<byte> bytes)
    {
        if (!Utf8.IsValid(bytes.Span))
        {
            throw new JsonException("a row is no UTF-8");
        }

        var json = new Utf8JsonReader(bytes.Span, WireJson.Reading);
        (string? Entity, string? EntityId, string? Kind, string Register, ReadOnlyMemory<byte> Value, long Lamport, Guid Operation) row =
            default;
        string? device = null;
        row.Register = "";
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            switch (name)
            {
                case "entity":
                    row.Entity = json.GetString();
                    break;
                case "entity_id":
                    row.EntityId = json.GetString();
                    break;
                case "kind":
                    row.Kind = json.GetString();
                    break;
                case "register":
                    row.Register = json.GetString() ?? "";
                    break;
                case "lamport_ts":
                    row.Lamport = json.GetInt64();
                    break;
                case "device_id":
                    device = json.GetString();
                    break;
                case "operation_id":
                    row.Operation = json.GetGuid();
                    break;
                case "value":
                    var start = (int)json.TokenStartIndex;
                    json.Skip();
                    row.Value = bytes[start..(int)json.BytesConsumed];
                    break;
                default:
                    json.Skip();
                    break;
            }
        }

        if (
            string.IsNullOrEmpty(row.Entity)
            || string.IsNullOrEmpty(row.EntityId)
            || row.Kind is not ("D" or "R")
            || row.Lamport is < 1 or > OperationRules.MaxLamport
            || string.IsNullOrEmpty(device)
            || row.Operation == Guid.Empty
        )
        {
            throw new JsonException("a row without its parts");
        }

        if (device != _device.Value)
        {
            (_device, _deviceBytes) = (new DeviceId(device), Encoding.UTF8.GetBytes(device));
        }

        var isTombstone = row.Kind == "D";
        return new SnapshotRow(
            Encoding.UTF8.GetBytes(row.Entity),
            Encoding.UTF8.GetBytes(row.EntityId),
            isTombstone,
            Encoding.UTF8.GetBytes(row.Register),
            isTombstone ? default : Canonical(row.Value),
            row.Lamport,
            _device,
            new OperationId(row.Operation)
        );
    }

    private static byte[] Canonical(ReadOnlyMemory<byte> value) =>
        CanonicalJson.TryNormalize(value, out var canonical, out var fault) ? canonical.ToArray() : throw new JsonException(fault);

    private void Finish()
    {
        var digest = _digest.Finish().Digest;
        if (_seen is not { Cursor: >= 0 and var cursor, Head: { } head, Count: { } count, Digest: { } told } || !WireJson.IsSha256(head))
        {
            throw new JsonException("cursor, head, count or digest is missing");
        }

        if (count != _rowsRead || !string.Equals(told, digest, StringComparison.OrdinalIgnoreCase))
        {
            throw new JsonException($"{_rowsRead} rows came, and their count or digest is another");
        }

        End = new SnapshotPoint(cursor, head, _seen.Clock);
    }

    private static int Compare(SnapshotRow a, SnapshotRow b)
    {
        var order = a.Entity.AsSpan().SequenceCompareTo(b.Entity);
        order = order != 0 ? order : a.EntityId.AsSpan().SequenceCompareTo(b.EntityId);
        order = order != 0 ? order : b.IsTombstone.CompareTo(a.IsTombstone);
        return order != 0 ? order : a.Register.AsSpan().SequenceCompareTo(b.Register);
    }
}
