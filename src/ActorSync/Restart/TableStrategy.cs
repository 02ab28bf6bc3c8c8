using Akka.Actor;

namespace ActorSync.Restart;

/// <summary>The one strategy in force everywhere: the parent's keepers read the table. It has no limit and no window of its own, because Akka's use the real clock.</summary>
internal sealed class TableStrategy(Func<IActorRef, Exception, Directive> decide)
    : OneForOneStrategy(_ => Directive.Stop, loggingEnabled: false)
{
    protected override Directive Handle(IActorRef child, Exception exception) => decide(child, exception);
}
