using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Host.Control;

/// <param name="BelowId">Only older ones than this; null begins with the newest.</param>
internal sealed record ConflictsAsk(long? BelowId, int Limit);

/// <param name="HasMore">There are older ones: ask for those below the last one's id.</param>
internal sealed record ConflictsAnswer(ImmutableArray<ConflictDocument> Conflicts, bool HasMore);

/// <summary>A value that another device overwrote.</summary>
/// <param name="Register">Empty for the value of an entity as a whole.</param>
internal sealed record ConflictDocument(
    long Id,
    string Entity,
    string EntityId,
    string Register,
    WriteDocument Won,
    WriteDocument Lost,
    DateTimeOffset FoundAt
)
{
    public static ConflictDocument Of(ConflictRow row) =>
        new(
            row.Id,
            row.Entity,
            row.EntityId,
            row.Register,
            WriteDocument.Of(row.WonValue, row.Won),
            WriteDocument.Of(row.LostValue, row.Lost),
            row.FoundAt
        );
}

/// <param name="Deleted">It was the deletion of the entity; then there is no value.</param>
internal sealed record WriteDocument(bool Deleted, RawJson Value, long Lamport, string DeviceId, string OperationId)
{
    public static WriteDocument Of(string? value, in MergeKey key) =>
        new(value is null, RawJson.Of(value), key.Lamport, key.Device.Value, key.Operation.ToString());
}
