using System.Collections.Immutable;
using Microsoft.Data.Sqlite;

namespace ActorSync.Changes;

/// <summary>The app's file under one name.</summary>
internal sealed class AppInboxFile(SqliteConnection connection, string name)
{
    private const int Busy = 5;
    private const int Locked = 6;
    private const int Io = 10;
    private const int Full = 13;

    public void Install() => AppInbox.Install(connection);

    public ChangePosition? Position => AppInbox.Position(connection, name);

    public ImmutableArray<DeferredChange> Deferred => AppInbox.Deferred(connection, name);

    /// <summary>The file's fault and not the handler's: it is waited for, however long.</summary>
    public static bool IsPassing(Exception failure) => failure is SqliteException { SqliteErrorCode: Busy or Locked or Io or Full };

    public void Restart(ReplicaChange snapshot)
    {
        using var transaction = connection.BeginTransaction();
        AppInbox.Take(connection, transaction, name, snapshot);
        transaction.Commit();
    }

    /// <summary>The handler's writes and the position, all or nothing. Gives why it was not applied, and then nothing was written.</summary>
    /// <param name="isAgain">It was deferred: the position stays where it is.</param>
    public async ValueTask<string?> ApplyAsync(EntityChanged change, ChangeHandler handler, bool isAgain, CancellationToken cancellation)
    {
        var transaction = connection.BeginTransaction();
        await using (transaction.ConfigureAwait(false))
        {
            if (!isAgain && !AppInbox.Take(connection, transaction, name, change))
            {
                return null;
            }

            var outcome = await handler(change, transaction, cancellation).ConfigureAwait(false);
            if (outcome.Reason is null)
            {
                AppInbox.Resolve(transaction, name, change);
                await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
            }

            return outcome.Reason;
        }
    }

    /// <summary>Notes that it was not applied, and moves past it.</summary>
    public void Defer(EntityChanged change, string reason, bool isAgain, DateTimeOffset now)
    {
        using var transaction = connection.BeginTransaction();
        if (isAgain || AppInbox.Take(connection, transaction, name, change))
        {
            AppInbox.Defer(transaction, name, change, reason, now);
        }

        transaction.Commit();
    }
}
