using System.Text.Json;
using System.Text.Unicode;
using ActorSync.Host.Control;
using ActorSync.Model;

namespace ActorSync.Host.Import;

/// <summary>What is wrong with a line: the key, or <c>line</c> for the line as a whole.</summary>
internal sealed record LineFault(string Field, string Message);

/// <summary>Reads one line of NDJSON into an operation. The payload stays bytes, in their canonical form; what breaks a bound is refused here, before the journal.</summary>
/// <remarks>One instance a file: it keeps the last names, which repeat. Not safe for two threads.</remarks>
internal sealed class OperationLine
{
    private const int SlabBytes = 64 << 10;

    // Deeper than any payload may be, so that a payload that is too deep is told as such.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 512 };
    private readonly NameCache _entities = new();
    private readonly NameCache _fields = new();
    private byte[] _slab = [];
    private int _used;

    /// <summary>Null and an operation, or what is wrong.</summary>
    /// <param name="id">For a line that names no id of its own.</param>
    public LineFault? Read(ReadOnlySpan<byte> line, OperationId id, out NewOperation? operation)
    {
        operation = null;
        if (!Utf8.IsValid(line))
        {
            return new LineFault("line", "is not UTF-8");
        }

        var draft = new Draft { Id = id };
        try
        {
            var reader = new Utf8JsonReader(line, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return new LineFault("line", "is no JSON object");
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (ReadKey(ref reader, line, ref draft) is { } fault)
                {
                    return fault;
                }
            }

            // Whatever follows the object is no JSON, and the reader says so.
            reader.Read();
        }
        catch (JsonException malformed)
        {
            return new LineFault("line", $"is not JSON at byte {malformed.BytePositionInLine}: {FirstSentence(malformed.Message)}");
        }
        catch (InvalidOperationException unreadable)
        {
            // An escaped half of a surrogate pair.
            return new LineFault("line", $"has a text that is no Unicode: {FirstSentence(unreadable.Message)}");
        }

        return Finish(draft, out operation);
    }

    private LineFault? ReadKey(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, ref Draft draft)
    {
        var key = KeyOf(ref reader);
        reader.Read();
        if (key == Key.Unknown)
        {
            reader.Skip();
            return null;
        }

        if (!draft.Take(key))
        {
            return new LineFault(NameOf(key), "stands twice");
        }

        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (key == Key.Payload)
        {
            return ReadPayload(ref reader, line, ref draft);
        }

        if (key == Key.Schema)
        {
            return reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out draft.Schema)
                ? null
                : new LineFault("schema", "must be a whole number, 1 or more");
        }

        return reader.TokenType == JsonTokenType.String
            ? ReadText(ref reader, key, ref draft)
            : new LineFault(NameOf(key), "must be a text");
    }

    private LineFault? ReadText(ref Utf8JsonReader reader, Key key, ref Draft draft)
    {
        switch (key)
        {
            case Key.Entity:
                draft.Entity = _entities.Get(ref reader);
                return null;
            case Key.EntityId:
                draft.EntityId = reader.GetString();
                return null;
            case Key.Field:
                draft.Field = _fields.Get(ref reader);
                return null;
            case Key.Op:
                draft.Kind =
                    reader.ValueTextEquals("insert"u8) ? OperationKind.Insert
                    : reader.ValueTextEquals("set"u8) ? OperationKind.Set
                    : reader.ValueTextEquals("delete"u8) ? OperationKind.Delete
                    : reader.ValueTextEquals("noop"u8) ? OperationKind.Noop
                    : null;
                return draft.Kind is null ? new LineFault("op", $"unknown kind '{Shown(ref reader)}'; use {Words.Kinds}") : null;
            case Key.Lane:
                var lane = Words.Lane(reader.GetString()!);
                draft.Lane = lane ?? Lane.Bulk;
                return lane is null ? new LineFault("lane", $"unknown lane '{Shown(ref reader)}'; use {Words.Lanes}") : null;
            default:
                return OperationId.TryParse(reader.GetString(), out draft.Id)
                    ? null
                    : new LineFault("operation_id", $"'{Shown(ref reader)}' is no UUID of 36 characters");
        }
    }

    private LineFault? ReadPayload(ref Utf8JsonReader reader, ReadOnlySpan<byte> line, ref Draft draft)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var length = (int)reader.BytesConsumed - start;
        if (length > OperationRules.MaxPayloadBytes)
        {
            return new LineFault("payload", $"{length} bytes; at most {OperationRules.MaxPayloadBytes}");
        }

        // The journal's own reading of JSON is stricter than the line's: keys that repeat, halves of surrogate pairs, depth.
        return CanonicalJson.TryNormalize(Keep(line.Slice(start, length)), out draft.Payload, out var fault)
            ? null
            : new LineFault("payload", fault);
    }

    private static LineFault? Finish(in Draft draft, out NewOperation? operation)
    {
        operation = null;
        if (draft.Kind is not { } kind)
        {
            return new LineFault("op", $"is missing; use {Words.Kinds}");
        }

        var candidate = new NewOperation
        {
            Entity = draft.Entity ?? "",
            EntityId = draft.EntityId ?? "",
            Field = draft.Field,
            Kind = kind,
            Payload = draft.Payload,
            Lane = draft.Lane,
            Schema = draft.Schema,
            OperationId = draft.Id,
        };
        if (OperationRules.CheckShape(candidate) is { } fault)
        {
            return new LineFault(fault.Field, fault.Message);
        }

        operation = candidate;
        return null;
    }

    // Payloads lie side by side in slabs: one allocation for hundreds of them.
    private ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > SlabBytes / 4)
        {
            return payload.ToArray();
        }

        if (_slab.Length - _used < payload.Length)
        {
            (_slab, _used) = (new byte[SlabBytes], 0);
        }

        var kept = _slab.AsMemory(_used, payload.Length);
        payload.CopyTo(kept.Span);
        _used += payload.Length;
        return kept;
    }

    private static Key KeyOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("entity"u8) ? Key.Entity
        : reader.ValueTextEquals("entity_id"u8) ? Key.EntityId
        : reader.ValueTextEquals("op"u8) ? Key.Op
        : reader.ValueTextEquals("payload"u8) ? Key.Payload
        : reader.ValueTextEquals("field"u8) ? Key.Field
        : reader.ValueTextEquals("lane"u8) ? Key.Lane
        : reader.ValueTextEquals("schema"u8) ? Key.Schema
        : reader.ValueTextEquals("operation_id"u8) ? Key.OperationId
        : Key.Unknown;

    private static string NameOf(Key key) =>
        key switch
        {
            Key.Entity => "entity",
            Key.EntityId => "entity_id",
            Key.Op => "op",
            Key.Payload => "payload",
            Key.Field => "field",
            Key.Lane => "lane",
            Key.Schema => "schema",
            _ => "operation_id",
        };

    private static string Shown(ref Utf8JsonReader reader)
    {
        var text = reader.GetString()!;
        return text.Length <= 64 ? text : string.Concat(text.AsSpan(0, 64), "…");
    }

    // The rest of the reader's sentence counts lines of its own, which would be taken for the file's.
    private static string FirstSentence(string message) => message.Split(" LineNumber:", 2)[0].Trim();

    private enum Key
    {
        Unknown = 0,
        Entity = 1,
        EntityId = 2,
        Op = 4,
        Payload = 8,
        Field = 16,
        Lane = 32,
        Schema = 64,
        OperationId = 128,
    }

    private struct Draft
    {
        public Draft() { }

        public OperationId Id;
        public string? Entity;
        public string? EntityId;
        public string? Field;
        public OperationKind? Kind;
        public ReadOnlyMemory<byte> Payload;
        public Lane Lane = Lane.Bulk;
        public int Schema = 1;
        private Key _taken;

        public bool Take(Key key)
        {
            var first = (_taken & key) == Key.Unknown;
            _taken |= key;
            return first;
        }
    }

    private sealed class NameCache
    {
        private string? _last;

        public string Get(ref Utf8JsonReader reader) =>
            _last is not null && reader.ValueTextEquals(_last) ? _last : _last = reader.GetString()!;
    }
}
