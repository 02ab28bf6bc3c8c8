using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>Reads a page of operations; each stays a slice of the answer, for <see cref="RemoteOps"/> to read.</summary>
internal static class OpsPageReader
{
    /// <summary>Null, or an exception of <see cref="WireJson.IsMalformed"/>, when it is no page.</summary>
    public static OpsPage? Read(ReadOnlyMemory<byte> body)
    {
        var json = new Utf8JsonReader(body.Span, WireJson.Reading);
        List<PulledOp>? ops = null;
        long? lastId = null;
        bool? hasMore = null;
        string? head = null;
        Expect(ref json, JsonTokenType.StartObject);
        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("ops"u8))
            {
                ops = ops is null ? ReadOps(ref json, body) : throw new JsonException("ops twice");
            }
            else if (json.ValueTextEquals("last_id"u8))
            {
                json.Read();
                lastId = json.GetInt64();
            }
            else if (json.ValueTextEquals("head"u8))
            {
                json.Read();
                head = json.GetString();
            }
            else if (json.ValueTextEquals("has_more"u8))
            {
                json.Read();
                hasMore = json.GetBoolean();
            }
            else
            {
                json.Skip();
            }
        }

        if (json.Read() || ops is null || lastId is null || hasMore is null || (head is not null && !WireJson.IsSha256(head)))
        {
            return null;
        }

        return IsAscending(ops, lastId.Value) ? new OpsPage(ops, lastId.Value, head, hasMore.Value) : null;
    }

    private static List<PulledOp> ReadOps(ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
    {
        var ops = new List<PulledOp>();
        Expect(ref json, JsonTokenType.StartArray);
        while (Next(ref json) != JsonTokenType.EndArray)
        {
            ops.Add(ReadOp(ref json, body));
        }

        return ops;
    }

    private static PulledOp ReadOp(ref Utf8JsonReader json, ReadOnlyMemory<byte> body)
    {
        var start = (int)json.TokenStartIndex;
        (long Id, Guid Operation, string? Device, long Lamport) op = default;
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an operation is an object");
        }

        while (Next(ref json) == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("id"u8))
            {
                json.Read();
                op.Id = json.GetInt64();
            }
            else if (json.ValueTextEquals("operation_id"u8))
            {
                json.Read();
                op.Operation = json.TokenType == JsonTokenType.String && json.TryGetGuid(out var id) ? id : Guid.Empty;
            }
            else if (json.ValueTextEquals("device_id"u8))
            {
                json.Read();
                op.Device = json.TokenType == JsonTokenType.String ? json.GetString() : null;
            }
            else if (json.ValueTextEquals("lamport_ts"u8))
            {
                json.Read();
                op.Lamport = json.TokenType == JsonTokenType.Number && json.TryGetInt64(out var lamport) ? lamport : 0;
            }
            else
            {
                json.Skip();
            }
        }

        // Without its place in the log nothing can go by it; all else that is wrong with one operation is for who merges it.
        if (op.Id <= 0)
        {
            throw new JsonException("an operation without its id");
        }

        var raw = body[start..(int)json.BytesConsumed];
        return new PulledOp(op.Id, new OperationId(op.Operation), new DeviceId(op.Device ?? ""), op.Lamport, raw);
    }

    private static bool IsAscending(List<PulledOp> ops, long lastId)
    {
        var previous = 0L;
        foreach (var op in ops)
        {
            if (op.Id <= previous)
            {
                return false;
            }

            previous = op.Id;
        }

        return lastId >= previous;
    }

    private static JsonTokenType Next(ref Utf8JsonReader json) =>
        json.Read() ? json.TokenType : throw new JsonException("the answer ends early");

    private static void Expect(ref Utf8JsonReader json, JsonTokenType kind)
    {
        if (Next(ref json) != kind)
        {
            throw new JsonException($"expected {kind}");
        }
    }
}
