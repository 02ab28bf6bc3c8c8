using ActorSync.Journal;
using Akka.Actor;
using static ActorSync.Journal.ChangeProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Changes;

/// <summary>The journal as a reader of changes sees it. A journal that is down is waited for.</summary>
/// <param name="ask">One question, answered in whatever time it takes, or with <see cref="Unavailable"/>.</param>
internal sealed class ChangeSource(
    Func<Func<IActorRef, IJournalCommand>, CancellationToken, Task<object>> ask,
    JournalPort journal,
    Func<bool> isStopped,
    TimeProvider time
)
{
    /// <summary>Entities that are read ahead of the reader.</summary>
    public const int Window = 64;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public TimeProvider Time => time;

    /// <summary>Null when the runtime has stopped.</summary>
    public Task<ChangesRead?> ReadAsync(ChangePosition? after, string? entity, CancellationToken cancellation) =>
        AskAsync<ChangesRead>(replyTo => new ReadChanges(after, entity, Window, replyTo), cancellation);

    /// <inheritdoc cref="ReadAsync"/>
    public Task<EntityChanged?> ReadEntityAsync(string entity, string entityId, CancellationToken cancellation) =>
        AskAsync<EntityChanged>(replyTo => new ReadEntity(entity, entityId, replyTo), cancellation);

    /// <inheritdoc cref="ReadAsync"/>
    public Task<SubscriptionPlace?> OpenAsync(string name, string? entity, CancellationToken cancellation) =>
        AskAsync<SubscriptionPlace>(replyTo => new GetSubscription(name, entity, replyTo), cancellation);

    /// <inheritdoc cref="ReadAsync"/>
    public Task<SubscriptionPlace?> MoveAsync(string name, string? entity, ChangePosition position, CancellationToken cancellation) =>
        AskAsync<SubscriptionPlace>(replyTo => new MoveSubscription(name, entity, position, replyTo), cancellation);

    /// <summary>The same without waiting for it: the reader leaves. Should it be lost, an element comes once more.</summary>
    public void Move(string name, string? entity, ChangePosition position) =>
        journal.Tell(new MoveSubscription(name, entity, position, ActorRefs.Nobody));

    private async Task<T?> AskAsync<T>(Func<IActorRef, IJournalCommand> question, CancellationToken cancellation)
        where T : class
    {
        while (!isStopped())
        {
            switch (await ask(question, cancellation).ConfigureAwait(false))
            {
                case T answer:
                    return answer;
                case Unavailable when isStopped():
                    break;
                case Unavailable:
                    await Task.Delay(Pause, time, cancellation).ConfigureAwait(false);
                    break;
                case var other:
                    throw new InvalidOperationException($"an answer of type {other.GetType().Name} was not expected");
            }
        }

        return null;
    }
}
