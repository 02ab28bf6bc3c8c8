using ActorSync.Journal;
using Akka.Actor;

namespace ActorSync.Sync;

/// <summary>Reads and patches the profile's settings in the journal, one question at a time, so that each answer has its asker.</summary>
internal sealed class SettingsDesk(JournalPort journal, IActorRef self)
{
    private readonly Queue<SyncProtocol.ChangeSettings> _waiting = new();
    private SyncProtocol.ChangeSettings? _changing;
    private bool _asked;

    public void Read()
    {
        if (!_asked)
        {
            _asked = true;
            journal.Tell(new JournalProtocol.GetSettings(self));
        }
    }

    public void Change(SyncProtocol.ChangeSettings change)
    {
        _waiting.Enqueue(change);
        Next();
    }

    /// <summary>The journal answered. Gives who asked for a change, or null when we only read.</summary>
    public IActorRef? Answered()
    {
        var asker = _changing?.ReplyTo;
        (_asked, _changing) = (false, null);
        Next();
        return asker;
    }

    /// <summary>Nothing of what was asked came to be.</summary>
    public void Refuse(JournalProtocol.Unavailable unavailable)
    {
        _asked = false;
        Answer(unavailable);
    }

    public void CloseAll(string why) => Answer(new JournalProtocol.Unavailable(why, "try again in a moment"));

    public void Next()
    {
        if (!_asked && _waiting.TryDequeue(out _changing))
        {
            _asked = true;
            journal.Tell(new JournalProtocol.PatchSettings(_changing.Patch, self));
        }
    }

    private void Answer(JournalProtocol.Unavailable unavailable)
    {
        _changing?.ReplyTo.Tell(unavailable, ActorRefs.NoSender);
        _changing = null;
        while (_waiting.TryDequeue(out var change))
        {
            change.ReplyTo.Tell(unavailable, ActorRefs.NoSender);
        }
    }
}
