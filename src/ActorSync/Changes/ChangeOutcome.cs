using Microsoft.Data.Sqlite;

namespace ActorSync.Changes;

/// <summary>Writes a change into the app's tables, with the connection of <paramref name="transaction"/>. Must not commit or roll back.</summary>
/// <remarks>It is given the entity as it is: write all of it (an upsert, or a delete), whatever the row held.</remarks>
public delegate ValueTask<ChangeOutcome> ChangeHandler(EntityChanged change, SqliteTransaction transaction, CancellationToken cancellation);

/// <summary>What a handler made of a change.</summary>
public sealed record ChangeOutcome
{
    private ChangeOutcome(string? reason) => Reason = reason;

    /// <summary>Null when it was applied.</summary>
    public string? Reason { get; }

    public static ChangeOutcome Applied { get; } = new(reason: null);

    /// <summary>Not now: an entity that the app does not know (yet), a parent that is missing, a shape from a newer version. What it wrote is rolled back.</summary>
    public static ChangeOutcome Defer(string reason)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(reason);
        return new ChangeOutcome(reason);
    }
}

/// <summary>An entity that the app's handler could not take.</summary>
/// <param name="Attempts">How often it was put off, at least 1.</param>
public sealed record DeferredChange(string Entity, string EntityId, string Reason, int Attempts, DateTimeOffset Since);
