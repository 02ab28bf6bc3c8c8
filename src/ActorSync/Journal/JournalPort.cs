using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>The journal as the rest of the profile sees it: one address that outlives each incarnation of the actor.</summary>
/// <remarks>
/// The profile's supervisor puts it up and down. While it is down every command is answered <see cref="Unavailable"/> at once; a command that was
/// in a mailbox when the actor stopped comes back as a dead letter, and the supervisor answers it through <see cref="Refuse"/>. So no asker waits for ever.
/// Safe from any thread.
/// </remarks>
internal sealed class JournalPort
{
    private volatile Route _route = new(null, new Unavailable("the journal is starting", "try again in a moment"));

    /// <summary>The live actor, or null while it is down.</summary>
    public IActorRef? Actor => _route.Actor;

    /// <summary>Why it is down; while it is up, that it is going down.</summary>
    public Unavailable WhyDown => _route.Why ?? new Unavailable("the journal is restarting", "try again in a moment");

    public void Up(IActorRef actor) => _route = new Route(actor, null);

    public void Down(string reason, string remedy) => _route = new Route(null, new Unavailable(reason, remedy));

    public void Tell(IJournalCommand command)
    {
        var route = _route;
        if (route.Actor is { } actor)
        {
            actor.Tell(command, command.ReplyTo);
        }
        else
        {
            command.ReplyTo.Tell(route.Why!, ActorRefs.NoSender);
        }
    }

    /// <summary>Hands over what wants to be in the next group commit.</summary>
    public void Tell(IGroupMember member)
    {
        var route = _route;
        if (route.Actor is not { } actor)
        {
            member.Fail(route.Why!);
            return;
        }

        var lease = member.Lease;
        actor.Tell(member, ActorRefs.NoSender);
        // It went down meanwhile, and with it perhaps everybody who answers for it: at the very end nobody hears of dead letters.
        if (!ReferenceEquals(route, _route))
        {
            member.FailIfOpen(lease, WhyDown);
        }
    }

    /// <summary>Answers a message that no incarnation will answer. True when it was one of ours.</summary>
    public bool Refuse(object message)
    {
        var why = _route.Why ?? new Unavailable("the journal restarted", "try again");
        switch (message)
        {
            case IJournalCommand command:
                command.ReplyTo.Tell(why, ActorRefs.NoSender);
                return true;
            case IOpenCompletion completion:
                completion.Fail(why);
                return true;
            default:
                return false;
        }
    }

    private sealed record Route(IActorRef? Actor, Unavailable? Why);
}

/// <summary>A caller's task that travels in a message; whoever drops the message must fail it.</summary>
internal interface IOpenCompletion
{
    void Fail(Unavailable why);
}
