using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Host.Control;

// What goes over the control socket, and what --json prints: the same documents.

/// <param name="Error">The failure's code.</param>
internal sealed record FailureDocument(string Error, string Message, string Remedy)
{
    public static FailureDocument Of(SyncException failure) => new(failure.Code, failure.Message, failure.Remedy);
}

/// <summary>A question or an answer with nothing in it.</summary>
internal sealed record Empty
{
    public static readonly Empty Value = new();
}

/// <param name="Op">set, insert, delete, noop.</param>
/// <param name="Lane">priority or bulk.</param>
internal sealed record OperationDocument(
    string Entity,
    string EntityId,
    string Op,
    string? Field,
    RawJson Payload,
    string Lane,
    int Schema,
    string? OperationId
)
{
    public static OperationDocument Of(NewOperation operation) =>
        new(
            operation.Entity,
            operation.EntityId,
            Words.Of(operation.Kind),
            operation.Field,
            new RawJson(operation.Payload),
            Words.Of(operation.Lane),
            operation.Schema,
            operation.OperationId?.ToString()
        );

    public NewOperation ToOperation() =>
        new()
        {
            Entity = Entity,
            EntityId = EntityId,
            Kind = Words.Kind(Op) ?? throw new InvalidOperationRefusedException("op", $"unknown kind '{Op}'; use {Words.Kinds}"),
            Field = Field,
            Payload = Payload.Utf8,
            Lane = Words.Lane(Lane) ?? throw new InvalidOperationRefusedException("lane", $"unknown lane '{Lane}'; use {Words.Lanes}"),
            Schema = Schema,
            OperationId =
                OperationId is null ? null
                : Model.OperationId.TryParse(OperationId, out var id) ? id
                : throw new InvalidOperationRefusedException("operation_id", $"'{OperationId}' is no UUID"),
        };
}

/// <param name="Source">Whose progress is committed with the rows; null for none.</param>
internal sealed record EnqueueAsk(ImmutableArray<OperationDocument> Operations, string? Source, long Position);

internal sealed record EnqueueAnswer(ImmutableArray<AcceptedDocument> Accepted);

internal sealed record AcceptedDocument(string OperationId, long Lamport, bool Duplicate)
{
    public static AcceptedDocument Of(Accepted accepted) => new(accepted.OperationId.ToString(), accepted.Lamport, accepted.Duplicate);

    public Accepted ToAccepted() => new(Model.OperationId.TryParse(OperationId, out var id) ? id : default, Lamport, Duplicate);
}

internal sealed record IdAsk(string? OperationId, string? Reason = null);

internal sealed record CountAnswer(long Count);

internal sealed record SourceAsk(string Source);

internal sealed record PositionAnswer(long Position);

internal sealed record ReceiptDocument(string OperationId, bool Delivered, string? Error);

/// <param name="State">pending, parked or dead.</param>
internal sealed record ListAsk(string State, long AfterSeq, int Limit);

internal sealed record RowsAnswer(ImmutableArray<RowDocument> Operations);

/// <summary>One row of the journal.</summary>
internal sealed record RowDocument(
    string OperationId,
    long Lamport,
    string? DeviceId,
    string Entity,
    string EntityId,
    string? Field,
    string Op,
    RawJson Payload,
    string Lane,
    int Schema,
    string State,
    DateTimeOffset CreatedAt,
    int Attempts,
    DateTimeOffset? LastAttemptAt,
    string? LastError,
    bool Published,
    string? BlockedBy,
    long Seq
)
{
    public static RowDocument Of(JournalRow row) =>
        new(
            row.OperationId.ToString(),
            row.Lamport,
            row.Origin?.Value,
            row.Entity,
            row.EntityId,
            row.Field,
            Words.Of(row.Kind),
            RawJson.Of(row.Payload),
            Words.Of(row.Lane),
            row.Schema,
            Words.Of(row.State),
            row.CreatedAt,
            row.Attempts,
            row.LastAttemptAt,
            row.LastError,
            row.Published,
            row.BlockedBy?.ToString(),
            row.Seq
        );
}

internal sealed record FoundAnswer(RowDocument? Operation);

internal sealed record QueueCounts(long Pending, long Priority, long Bulk, long Parked, long Dead, long Bytes, long Limit, long AckedEver);

internal sealed record DigestDocument(string Digest, ImmutableSortedDictionary<string, string> Entities);

internal sealed record EntitiesAsk(string Entity, string? EntityId, string? AfterId, int Limit);

internal sealed record EntitiesAnswer(ImmutableArray<EntityDocument> Entities);

/// <param name="Pending">Holds what the hub has not confirmed yet.</param>
internal sealed record EntityDocument(
    string Entity,
    string EntityId,
    bool Deleted,
    ImmutableSortedDictionary<string, RawJson> Registers,
    bool Pending
);

internal sealed record SettingsDocument(ImmutableSortedDictionary<string, string> Settings);

/// <param name="Patch">Null removes a key.</param>
internal sealed record SettingsAsk(ImmutableSortedDictionary<string, string?> Patch);

/// <summary>What a browser sign-in brought.</summary>
internal sealed record CodeAsk(string Hub, string Code, string Verifier, string Redirect)
{
    public override string ToString() => $"CodeAsk({Hub})";
}

internal sealed record SignInAsk(string Hub, string Secret)
{
    public override string ToString() => $"SignInAsk({Hub})";
}

internal sealed record BindingDocument(string Hub, string? Account, string? Handle, long Generation, DateTimeOffset? ExpiresAt);

internal sealed record ExplanationDocument(
    string OperationId,
    string Where,
    string Cause,
    string Text,
    DateTimeOffset? NextTry,
    string? HubSaid,
    int Attempts
);
