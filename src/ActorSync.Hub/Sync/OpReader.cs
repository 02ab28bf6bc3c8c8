using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Hub.Sync;

/// <summary>Reads one operation. What is wrong with it becomes its fault; the reader always ends behind its closing brace.</summary>
internal static class OpReader
{
    private const int GuidLength = 36;

    public static void Read(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref PushedOp op)
    {
        op.Schema = 1;
        var seen = Field.None;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueIsEscaped ? Field.None : NameOf(reader.ValueSpan);
            var repeated = name != Field.None && (seen & name) != Field.None;
            seen |= name;
            reader.Read();
            var fault = repeated ? $"{NameOf(name)}: is there twice" : Value(ref reader, body, ref op, name);
            if (fault is not null)
            {
                op.Fault ??= OpFault.Invalid(fault);
            }

            // A value of the wrong kind is still to be passed.
            reader.Skip();
        }

        op.Fault ??= Missing(seen) is { } missing ? OpFault.Invalid($"{missing}: is missing") : null;
        if (op.Payload.IsEmpty)
        {
            op.Payload = CanonicalJson.Null;
        }
    }

    private static string? Value(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref PushedOp op, Field name)
    {
        switch (name)
        {
            case Field.OperationId:
                return Identity(ref reader, ref op);
            case Field.Lamport:
                return Fields.TryInteger(ref reader, out op.Lamport) && op.Lamport >= 1
                    ? null
                    : "lamport_ts: must be an integer of 1 or more";
            case Field.Entity:
                return Text(ref reader, body, "entity", OperationRules.MaxEntityBytes, out op.Entity);
            case Field.EntityId:
                return Text(ref reader, body, "entity_id", OperationRules.MaxEntityIdBytes, out op.EntityId);
            case Field.Name:
                return NameOfRegister(ref reader, body, ref op);
            case Field.Op:
                return Kind(ref reader, ref op);
            case Field.Payload:
                Payload(ref reader, body, ref op);
                return null;
            case Field.Lane:
                return LaneOf(ref reader, ref op);
            case Field.Schema:
                return Fields.TryInteger(ref reader, out op.Schema) && op.Schema is >= 1 and <= int.MaxValue
                    ? null
                    : "schema: must be an integer of 1 or more";
            case Field.Published:
                op.Published = reader.TokenType == JsonTokenType.True;
                return reader.TokenType is JsonTokenType.True or JsonTokenType.False ? null : "published: must be true or false";
            case Field.Device:
                return reader.TokenType == JsonTokenType.Null
                    ? null
                    : Text(ref reader, body, "device_id", Fields.MaxDeviceBytes, out op.Origin);
            default:
                return null;
        }
    }

    private static string? Identity(ref Utf8JsonReader reader, ref PushedOp op)
    {
        if (
            reader.TokenType == JsonTokenType.String
            && reader.ValueSpan.Length == GuidLength
            && Utf8Parser.TryParse(reader.ValueSpan, out Guid id, out var used, 'D')
            && used == GuidLength
            && id != Guid.Empty
        )
        {
            op.Id = new OperationId(id);
            return null;
        }

        if (Fields.TryText(ref reader, default, out var text))
        {
            op.UnreadableId = Encoding.UTF8.GetString(text.Span[..Math.Min(text.Length, 2 * GuidLength)]);
        }

        return "operation_id: must be a UUID of 36 characters, and not the nil one";
    }

    private static string? Text(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, string name, int most, out ReadOnlyMemory<byte> text)
    {
        if (!Fields.TryText(ref reader, body, out text))
        {
            return $"{name}: must be a text";
        }

        if (Fields.Check(text.Span, most) is not { } fault)
        {
            return null;
        }

        text = default;
        return $"{name}: {fault}";
    }

    private static string? NameOfRegister(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref PushedOp op)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return null;
        }

        if (!Fields.TryText(ref reader, body, out op.Field))
        {
            return "field: must be a text or null";
        }

        op.HasField = true;
        return op.Field.Length > OperationRules.MaxFieldBytes
            ? $"field: is {op.Field.Length} bytes of UTF-8; at most {OperationRules.MaxFieldBytes}"
            : null;
    }

    private static string? Kind(ref Utf8JsonReader reader, ref PushedOp op)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            if (reader.ValueTextEquals("insert"u8))
            {
                op.Kind = OperationKind.Insert;
                return null;
            }

            if (reader.ValueTextEquals("set"u8))
            {
                op.Kind = OperationKind.Set;
                return null;
            }

            if (reader.ValueTextEquals("delete"u8))
            {
                op.Kind = OperationKind.Delete;
                return null;
            }

            if (reader.ValueTextEquals("noop"u8))
            {
                op.Kind = OperationKind.Noop;
                return null;
            }
        }

        return "op: must be set, insert, delete or noop";
    }

    private static string? LaneOf(ref Utf8JsonReader reader, ref PushedOp op)
    {
        if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("bulk"u8))
        {
            op.Lane = Lane.Bulk;
            return null;
        }

        return reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("priority"u8) ? null : "lane: must be priority or bulk";
    }

    private static void Payload(ref Utf8JsonReader reader, ReadOnlyMemory<byte> body, ref PushedOp op)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var json = body[start..(int)reader.BytesConsumed];
        if (json.Length > OperationRules.MaxPayloadBytes)
        {
            op.Fault ??= new OpFault("too_large", $"payload: {json.Length} bytes; at most {OperationRules.MaxPayloadBytes}");
        }
        else if (!CanonicalJson.TryNormalize(json, out op.Payload, out var fault))
        {
            op.Fault ??= new OpFault("invalid_payload", $"payload: {fault}");
        }
    }

    private static Field NameOf(ReadOnlySpan<byte> name) =>
        name.Length switch
        {
            2 when name.SequenceEqual("op"u8) => Field.Op,
            4 when name.SequenceEqual("lane"u8) => Field.Lane,
            5 when name.SequenceEqual("field"u8) => Field.Name,
            6 when name.SequenceEqual("entity"u8) => Field.Entity,
            6 when name.SequenceEqual("schema"u8) => Field.Schema,
            7 when name.SequenceEqual("payload"u8) => Field.Payload,
            9 when name.SequenceEqual("entity_id"u8) => Field.EntityId,
            9 when name.SequenceEqual("published"u8) => Field.Published,
            9 when name.SequenceEqual("device_id"u8) => Field.Device,
            10 when name.SequenceEqual("lamport_ts"u8) => Field.Lamport,
            12 when name.SequenceEqual("operation_id"u8) => Field.OperationId,
            _ => Field.None,
        };

    private static string NameOf(Field field) =>
        field switch
        {
            Field.OperationId => "operation_id",
            Field.Lamport => "lamport_ts",
            Field.Entity => "entity",
            Field.EntityId => "entity_id",
            Field.Name => "field",
            Field.Op => "op",
            Field.Payload => "payload",
            Field.Lane => "lane",
            Field.Schema => "schema",
            Field.Published => "published",
            _ => "device_id",
        };

    private static string? Missing(Field seen)
    {
        foreach (var field in (ReadOnlySpan<Field>)[Field.OperationId, Field.Lamport, Field.Entity, Field.EntityId, Field.Op])
        {
            if ((seen & field) == Field.None)
            {
                return NameOf(field);
            }
        }

        return null;
    }

    [Flags]
    private enum Field : short
    {
        None = 0,
        OperationId = 1,
        Lamport = 2,
        Entity = 4,
        EntityId = 8,
        Name = 16,
        Op = 32,
        Payload = 64,
        Lane = 128,
        Schema = 256,
        Published = 512,
        Device = 1024,
    }
}
