using ActorSync.Journal;
using ActorSync.Model;
using Akka.Actor;
using Shouldly;
using Xunit;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>A caller who hands over at the very end, when nobody is left who would hear of a dead letter, gets an answer.</summary>
public sealed class JournalPortTests
{
    private readonly JournalPort _port = new();

    [Fact]
    public async Task A_request_that_is_lost_while_the_journal_goes_down_is_failed_and_never_answers_for_another()
    {
        var journal = new GoingDown(_port);
        _port.Up(journal);
        var lost = Rent("a");
        var outcome = lost.Task;
        _port.Tell(lost);
        outcome.IsCompleted.ShouldBeTrue();
        (await Should.ThrowAsync<JournalUnavailableException>(async () => await outcome)).Message.ShouldContain("the runtime has stopped");

        // It lies in a mailbox still: what becomes of it there is not told to whoever asks next.
        var next = Enumerable.Range(0, 100).Select(_ => Rent("b")).ToList();
        next.ShouldNotContain(lost);
        lost.Store([new Accepted(default, 1, false)]);
        lost.Fail(new Unavailable("late", "late"));
        next.ShouldAllBe(request => !request.Task.IsCompleted);
    }

    [Fact]
    public async Task One_that_was_answered_before_is_not_answered_again()
    {
        var journal = new GoingDown(_port) { Answers = true };
        _port.Up(journal);
        var request = Rent("a");
        var outcome = request.Task;
        _port.Tell(request);
        (await outcome).Lamport.ShouldBe(7);
    }

    private static EnqueueRequest Rent(string id) =>
        EnqueueRequest.Rent(new Intake(JournalRig.Set(id), default, default), asynchronously: false);

    /// <summary>Takes the message, with or without an answer, and is gone when the teller comes back.</summary>
    private sealed class GoingDown(JournalPort port) : MinimalActorRef
    {
        public bool Answers { get; init; }

        public override ActorPath Path { get; } = new RootActorPath(new Address("akka", "test")) / "journal";

        public override IActorRefProvider Provider => throw new NotSupportedException();

        protected override void TellInternal(object message, IActorRef sender)
        {
            port.Down("the runtime has stopped", "start it again");
            if (Answers)
            {
                ((EnqueueRequest)message).Store([new Accepted(default, 7, false)]);
            }
        }
    }
}
