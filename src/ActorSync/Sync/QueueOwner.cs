using System.Collections.Immutable;
using ActorSync.Journal;
using Akka.Actor;

namespace ActorSync.Sync;

/// <summary>
/// Sees to it that the journal notes whose operations wait in it, before the first is sent: another account gets none of them unless somebody says so.
/// Part of the sync actor's state; one question at a time.
/// </summary>
internal sealed class QueueOwner(JournalPort journal, SettingsDesk desk, IActorRef self)
{
    private string? _asked;

    /// <summary>Asks what has to be asked for this state.</summary>
    public void Look(SyncState state)
    {
        if (state.OwnerToNote is not { } account)
        {
            _asked = null;
        }
        else if (_asked != account && state.KeptAside is null)
        {
            _asked = account;
            if (state.Settings?.QueueAccount is null)
            {
                Note(account);
            }
            else
            {
                Count();
            }
        }
    }

    public void Count() => journal.Tell(new JournalProtocol.GetCounts(self));

    /// <summary>How much is kept aside; an empty queue becomes the account's.</summary>
    public long? Counted(JournalCounts counts, SyncState state)
    {
        if (state.OwnerToNote is not { } account)
        {
            return null;
        }

        var unsent = counts.Pending + counts.Parked + counts.Dead;
        if (unsent > 0)
        {
            return unsent;
        }

        Note(account);
        return null;
    }

    /// <summary>Nothing of what was asked came to be.</summary>
    public void Forget() => _asked = null;

    private void Note(string account) =>
        desk.Change(
            new SyncProtocol.ChangeSettings(
                ImmutableSortedDictionary.Create<string, string?>(StringComparer.Ordinal).Add(SyncSettings.QueueAccountKey, account),
                ActorRefs.Nobody
            )
        );
}
