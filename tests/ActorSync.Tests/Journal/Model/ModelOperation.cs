using ActorSync.Model;

namespace ActorSync.Tests.Journal.Model;

internal enum Fate
{
    /// <summary>Pending or parked: the journal decides which when it meets the row.</summary>
    Waiting,
    Dead,
    Acked,
    Discarded,
    Cleared,
}

/// <summary>One accepted operation as the model knows it.</summary>
internal sealed class ModelOperation
{
    public required OperationId Id { get; init; }

    /// <summary>The order of acceptance.</summary>
    public required int Order { get; init; }

    public required string Key { get; init; }

    public required Lane Lane { get; init; }

    public required OperationKind Kind { get; init; }

    public string? Field { get; init; }

    public required string Payload { get; init; }

    public long Lamport { get; set; }

    public Fate Fate { get; set; }

    public override string ToString() => $"#{Order} {Key} {Lane} {Fate} @{Lamport} {Id}";
}
