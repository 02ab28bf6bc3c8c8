using System.Collections.Immutable;
using ActorSync.Journal.Sqlite;

namespace ActorSync.Journal;

/// <summary>Another account came: what the one before has in the replica goes, before any of it could be offered to the other's hub.</summary>
/// <remarks>
/// It begins in the transaction that notes the other account. That one takes what could be told to a hub or shown to a person: pairs, notes, conflicts,
/// receipts. The rows follow in steps; a kill between them is gone on with at the next start. What is unsent stays as it is: whose it is, a person says.
/// </remarks>
internal sealed class AccountChange(JournalTables tables, JournalQueries queries, PullCursor cursor, Folding folding)
{
    /// <summary>The setting that names whose operations wait in the queue.</summary>
    public const string OwnerKey = "queue.account";

    private readonly Statement _dropRows = tables.Db.Prepare(
        "DELETE FROM replica WHERE (entity, entity_id, kind, register) IN (SELECT entity, entity_id, kind, register FROM replica LIMIT ?1)"
    );

    private readonly Statement _anyRow = tables.Db.Prepare("SELECT 1 FROM replica LIMIT 1");
    private readonly Statement _dropNotes = tables.Db.Prepare("DELETE FROM relay");
    private readonly Statement _dropConflicts = tables.Db.Prepare("DELETE FROM conflict");
    private readonly Statement _dropQuarantine = tables.Db.Prepare("DELETE FROM quarantine");

    /// <summary>Changes settings. True when the queue is another account's from now on: <see cref="Forget"/> has to follow.</summary>
    public bool Patch(ImmutableSortedDictionary<string, string?> patch)
    {
        var isOther = false;
        tables.Write(() =>
        {
            var before = patch.ContainsKey(OwnerKey) ? queries.ReadSettings().Values.GetValueOrDefault(OwnerKey) : null;
            queries.Patch(patch);
            isOther = before is not null && before != patch[OwnerKey];
            if (isOther)
            {
                Begin();
            }
        });
        return isOther;
    }

    /// <summary>Pulling is for this hub and account. True when the replica is another account's: <see cref="Forget"/>, then <see cref="PullCursor.Bind"/>.</summary>
    public bool IsOther(string binding) => cursor.Binding is { } bound && AccountOf(bound) != AccountOf(binding);

    /// <summary>Inside the caller's transaction.</summary>
    public void Begin()
    {
        cursor.Leave();
        DropNotes();
    }

    public IEnumerable<JournalStep> Forget()
    {
        // Acked and not folded is the other account's as well; what is acked from here on is not.
        folding.Holds++;
        while (folding.Drop(tables.Settings.FoldOperations))
        {
            yield return JournalStep.More;
        }

        while (cursor.IsForgetting)
        {
            tables.Write(ForgetSome);
            yield return JournalStep.More;
        }

        folding.Holds--;
    }

    private void ForgetSome()
    {
        _dropRows.Bind(1, tables.Settings.FoldOperations).Run();
        var more = _anyRow.Step();
        _anyRow.Reset();
        if (!more)
        {
            // A fold between the beginning and the first step may have noted a conflict.
            DropNotes();
            cursor.Forgotten();
        }
    }

    private void DropNotes()
    {
        _dropNotes.Run();
        _dropConflicts.Run();
        _dropQuarantine.Run();
    }

    private static string AccountOf(string binding) => binding[(binding.IndexOf('|', StringComparison.Ordinal) + 1)..];
}
