using Akka.Actor;
using static ActorSync.Journal.ChangeProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Answers those who follow the replica. On the actor's thread, part of the actor. Holds one question a reader, and nothing that it could miss.</summary>
internal sealed class ChangeDesk(JournalStore store, JournalJobs jobs)
{
    private const int FillEntities = 2_000;

    private readonly Dictionary<IActorRef, ReadChanges> _waiting = [];
    private bool _isFilling;
    private long _told = -1;

    /// <summary>False: not one of ours.</summary>
    public bool TryCarryOut(IJournalCommand command)
    {
        switch (command)
        {
            case ReadChanges read:
                Read(read);
                break;
            case ForgetReader forget:
                _waiting.Remove(forget.Reader);
                break;
            case ReadEntity one:
                one.ReplyTo.Tell(store.ChangeReader.Entity(one.Entity, one.EntityId));
                break;
            case GetSubscription get:
                get.ReplyTo.Tell(new SubscriptionPlace(store.Changes.Place(get.Name, get.Entity)));
                break;
            case MoveSubscription move:
                store.Tables.Write(() => store.Changes.Move(move.Name, move.Entity, move.Position));
                move.ReplyTo.Tell(new SubscriptionPlace(move.Position));
                break;
            default:
                return false;
        }

        return true;
    }

    /// <summary>Whatever was just done is committed: who waits is answered if there is something for them.</summary>
    public void TellCommitted()
    {
        if (_waiting.Count == 0 || !store.Changes.IsComplete || _told == store.Changes.Highest)
        {
            return;
        }

        _told = store.Changes.Highest;
        foreach (var read in _waiting.Values.OrderBy(read => read.ReplyTo.Path.Uid).ToArray())
        {
            _waiting.Remove(read.ReplyTo);
            Answer(read);
        }
    }

    public void Fail(Unavailable why)
    {
        foreach (var reader in _waiting.Keys)
        {
            reader.Tell(why, ActorRefs.NoSender);
        }

        _waiting.Clear();
    }

    private void Read(ReadChanges read)
    {
        if (store.Changes.IsComplete)
        {
            Answer(read);
            return;
        }

        _waiting[read.ReplyTo] = read;
        if (!_isFilling)
        {
            _isFilling = true;
            jobs.Start(Fill(), null);
        }
    }

    private void Answer(ReadChanges read)
    {
        var page = store.ChangeReader.Read(read.After, read.Entity, read.Limit);
        if (page.Items.IsEmpty && !page.HasMore && !page.IsSnapshot)
        {
            // From where it has looked: what it passed is not of its entity.
            _waiting[read.ReplyTo] = read with
            {
                After = page.Position,
            };
            _told = store.Changes.Highest;
            return;
        }

        read.ReplyTo.Tell(page);
    }

    private IEnumerable<JournalStep> Fill()
    {
        if (!store.Changes.IsOn)
        {
            store.Tables.Write(store.Changes.TurnOn);
        }

        var (at, more) = (("", ""), true);
        while (more)
        {
            store.Tables.Write(() => more = store.Changes.FillSome(ref at, Math.Min(FillEntities, store.Tables.StepRows)));
            yield return JournalStep.More;
        }

        _told = -1;
    }
}
