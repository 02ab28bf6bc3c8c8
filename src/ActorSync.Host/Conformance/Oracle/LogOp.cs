using System.Text.Json;

namespace ActorSync.Host.Conformance.Oracle;

/// <summary>An operation as the hub's log gives it.</summary>
internal sealed record LogOp
{
    public required long Id { get; init; }

    public required string OperationId { get; init; }

    public required string Device { get; init; }

    public required long Stamp { get; init; }

    public required string Entity { get; init; }

    public required string EntityId { get; init; }

    public required string? Field { get; init; }

    public required string Kind { get; init; }

    public required JsonElement Payload { get; init; }

    public required string Lane { get; init; }

    public required long Schema { get; init; }

    public required string CreatedAt { get; init; }

    public static LogOp Read(JsonElement json) =>
        new()
        {
            Id = json.Number("id"),
            OperationId = json.Text("operation_id"),
            Device = json.Text("device_id"),
            Stamp = json.Number("lamport_ts"),
            Entity = json.Text("entity"),
            EntityId = json.Text("entity_id"),
            Field = json.TextOrNull("field"),
            Kind = json.Text("op"),
            Payload = json.Member("payload"),
            Lane = json.Text("lane"),
            Schema = json.Number("schema"),
            CreatedAt = json.Text("created_at"),
        };

    /// <summary>Where an operation stands.</summary>
    internal sealed record Place(long Id, long Stamp, string Device);
}
