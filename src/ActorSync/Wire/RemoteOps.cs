using System.Text;
using System.Text.Json;
using ActorSync.Model;

namespace ActorSync.Wire;

/// <summary>An operation as the hub holds it, checked and ready to be merged; or, with a <see cref="Fault"/>, what came instead of one.</summary>
/// <param name="HubId">The account's sequence.</param>
/// <param name="Payload">Canonical JSON.</param>
internal sealed record RemoteOp(
    long HubId,
    OperationId OperationId,
    DeviceId Device,
    long Lamport,
    string Entity,
    string EntityId,
    string? Field,
    OperationKind Kind,
    ReadOnlyMemory<byte> Payload,
    int Schema
)
{
    /// <summary>Why it cannot be merged; null for all is well.</summary>
    public string? Fault { get; init; }

    /// <summary>With a fault: the JSON as it came.</summary>
    public ReadOnlyMemory<byte> Raw { get; init; }
}

/// <summary>Reads the operations of a page one by one, so that a malformed one spoils no other.</summary>
internal static class RemoteOps
{
    private const int MaxDeviceBytes = 128;

    /// <summary>Never throws for what it holds. Nothing of the page's memory is kept.</summary>
    public static RemoteOp Read(in PulledOp pulled)
    {
        try
        {
            var op = ReadFields(pulled);
            return Check(op) is { } fault ? Faulty(pulled, fault) : Canonical(op, pulled);
        }
        catch (Exception error) when (WireJson.IsMalformed(error))
        {
            return Faulty(pulled, error.Message);
        }
    }

    private static RemoteOp Canonical(RemoteOp op, in PulledOp pulled) =>
        !CanonicalJson.TryNormalize(op.Payload, out var canonical, out var problem) ? Faulty(pulled, $"payload: {problem}")
        : canonical.Length > OperationRules.MaxPayloadBytes ? Faulty(pulled, $"payload: {canonical.Length} bytes")
        : op with { Payload = canonical.ToArray() };

    private static string? Check(RemoteOp op)
    {
        if (op.OperationId.Value == Guid.Empty)
        {
            return "operation_id: is no UUID";
        }

        if (string.IsNullOrWhiteSpace(op.Device.Value) || Encoding.UTF8.GetByteCount(op.Device.Value) > MaxDeviceBytes)
        {
            return "device_id: is missing or too long";
        }

        if (op.Lamport is < 1 or > OperationRules.MaxLamport)
        {
            return "lamport_ts: is not in 1..2^53-1";
        }

        var fault = OperationRules.CheckShape(
            new NewOperation
            {
                Entity = op.Entity,
                EntityId = op.EntityId,
                Field = op.Field,
                Kind = op.Kind,
                Schema = op.Schema,
            }
        );
        return fault is null ? null : $"{fault.Field}: {fault.Message}";
    }

    private static RemoteOp Faulty(in PulledOp pulled, string fault) =>
        new(pulled.Id, pulled.OperationId, pulled.Device, pulled.Lamport, "", "", null, OperationKind.Noop, default, 1)
        {
            Fault = fault,
            Raw = pulled.Raw.ToArray(),
        };

    private static RemoteOp ReadFields(in PulledOp pulled)
    {
        var json = new Utf8JsonReader(pulled.Raw.Span, WireJson.Reading);
        var (entity, entityId, field, kind, schema) = ("", "", (string?)null, (OperationKind?)null, 1);
        ReadOnlyMemory<byte> payload = default;
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (json.ValueTextEquals("entity"u8))
            {
                json.Read();
                entity = json.GetString() ?? "";
            }
            else if (json.ValueTextEquals("entity_id"u8))
            {
                json.Read();
                entityId = json.GetString() ?? "";
            }
            else if (json.ValueTextEquals("field"u8))
            {
                json.Read();
                field = json.GetString();
            }
            else if (json.ValueTextEquals("op"u8))
            {
                json.Read();
                kind = KindOf(json.GetString());
            }
            else if (json.ValueTextEquals("schema"u8))
            {
                json.Read();
                schema = json.GetInt32();
            }
            else if (json.ValueTextEquals("payload"u8))
            {
                json.Read();
                var start = (int)json.TokenStartIndex;
                json.Skip();
                payload = pulled.Raw[start..(int)json.BytesConsumed];
            }
            else
            {
                json.Skip();
            }
        }

        return new RemoteOp(
            pulled.Id,
            pulled.OperationId,
            pulled.Device,
            pulled.Lamport,
            entity,
            entityId,
            field,
            kind ?? throw new JsonException("op: is missing or unknown"),
            payload,
            schema
        );
    }

    private static OperationKind? KindOf(string? text) =>
        text switch
        {
            "set" => OperationKind.Set,
            "insert" => OperationKind.Insert,
            "delete" => OperationKind.Delete,
            "noop" => OperationKind.Noop,
            _ => null,
        };
}
