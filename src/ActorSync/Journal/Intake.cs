using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>An operation that has passed every check: its payload is canonical, its id is given.</summary>
internal readonly record struct Intake(NewOperation Operation, OperationId Id, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Checks on the caller's thread, so that the journal's own has only to write.</summary>
    public static OperationFault? Check(NewOperation operation, Func<OperationId> nextId, out Intake intake)
    {
        intake = default;
        if (OperationRules.CheckShape(operation) is { } fault)
        {
            return fault;
        }

        ReadOnlyMemory<byte> payload = default;
        if (!operation.Payload.IsEmpty)
        {
            if (!CanonicalJson.TryNormalize(operation.Payload, out payload, out var problem))
            {
                return new OperationFault("payload", problem!);
            }

            if (payload.Length > OperationRules.MaxPayloadBytes)
            {
                return new OperationFault("payload", $"{payload.Length} bytes; at most {OperationRules.MaxPayloadBytes}", TooLarge: true);
            }
        }

        intake = new Intake(operation, operation.OperationId ?? nextId(), payload);
        return null;
    }

    /// <summary>Content is what the protocol says it is: stamp and lane are none of it.</summary>
    public bool HasContentOf(in Intake other) =>
        Operation.Entity == other.Operation.Entity
        && Operation.EntityId == other.Operation.EntityId
        && (Operation.Field ?? "") == (other.Operation.Field ?? "")
        && Operation.Kind == other.Operation.Kind
        && Operation.Schema == other.Operation.Schema
        && Payload.Span.SequenceEqual(other.Payload.Span);
}
