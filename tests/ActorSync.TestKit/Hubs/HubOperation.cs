using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>One operation as the hub holds it.</summary>
/// <param name="Payload">Canonical.</param>
public sealed record HubOperation(
    string OperationId,
    long Lamport,
    string Device,
    string Entity,
    string EntityId,
    string? Field,
    string Op,
    string Payload,
    string Lane,
    int Schema,
    bool Published
)
{
    private const int MaxPayloadBytes = 1 << 20;
    private const long MaxLamport = (1L << 53) - 1;

    /// <summary>The account's sequence; a raised operation gets a new one.</summary>
    public long Id { get; init; }

    public (string Device, string Entity, string EntityId) Key => (Device, Entity, EntityId);

    /// <summary>Rule a: what makes two operations of one id the same.</summary>
    internal (string, string, string, string?, string, string, int) Content => (Device, Entity, EntityId, Field, Op, Payload, Schema);

    /// <summary>Reads one element of a push; gives the fault's code and text when it breaks a rule.</summary>
    internal static (HubOperation? Operation, string? Error, string? Message) Read(JsonElement json, string caller)
    {
        var id = Text(json, "operation_id") ?? "";
        if (!Guid.TryParseExact(id, "D", out var guid) || guid == Guid.Empty)
        {
            return (null, "invalid_request", "operation_id is no UUID");
        }

        var lamport = Number(json, "lamport_ts") ?? 0;
        if (lamport is < 1 or > MaxLamport)
        {
            return (null, "lamport_out_of_range", "lamport_ts is not in 1..2^53-1");
        }

        var (entity, entityId, op) = (Text(json, "entity"), Text(json, "entity_id"), Text(json, "op"));
        if (string.IsNullOrWhiteSpace(entity) || string.IsNullOrWhiteSpace(entityId) || op is not ("set" or "delete" or "insert" or "noop"))
        {
            return (null, "invalid_request", "entity, entity_id or op is missing or unknown");
        }

        var device = Text(json, "device_id") ?? caller;
        var published = json.TryGetProperty("published", out var flag) && flag.ValueKind == JsonValueKind.True;
        if (device != caller && !published)
        {
            return (null, "unknown_origin", "an operation of another device that is not published");
        }

        var payload = json.TryGetProperty("payload", out var value) ? CanonicalValue.Of(value) : "null";
        if (Encoding.UTF8.GetByteCount(payload) > MaxPayloadBytes)
        {
            return (null, "too_large", "the payload is over 1 MiB");
        }

        var schema = (int)(Number(json, "schema") ?? 1);
        var lane = Text(json, "lane") ?? "priority";
        return schema < 1 || lane is not ("priority" or "bulk")
            ? (null, "invalid_request", "schema or lane")
            : (
                new HubOperation(
                    guid.ToString("D"),
                    lamport,
                    device,
                    entity,
                    entityId,
                    Text(json, "field"),
                    op,
                    payload,
                    lane,
                    schema,
                    published
                ),
                null,
                null
            );
    }

    internal JsonObject ToJson() =>
        new()
        {
            ["id"] = Id,
            ["operation_id"] = OperationId,
            ["device_id"] = Device,
            ["lamport_ts"] = Lamport,
            ["entity"] = Entity,
            ["entity_id"] = EntityId,
            ["field"] = Field,
            ["op"] = Op,
            ["payload"] = JsonNode.Parse(Payload),
            ["lane"] = Lane,
            ["schema"] = Schema,
            ["created_at"] = "2030-01-01T00:00:00Z",
        };

    private static string? Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static long? Number(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number)
            ? number
            : null;
}
