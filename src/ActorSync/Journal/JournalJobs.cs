using Akka.Actor;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Journal;

/// <summary>Long work of the journal goes in steps; between two of them other messages are served.</summary>
internal enum JournalStep
{
    More,
}

/// <summary>One job at a time, first come first served.</summary>
/// <param name="pause">Called when a job paused: come back to <see cref="Step"/> after what is in the mailbox.</param>
internal sealed class JournalJobs(Action pause)
{
    private readonly Queue<(IEnumerator<JournalStep> Steps, IJournalCommand? Command)> _jobs = new();

    /// <summary>Runs to its first pause at once when nothing else is under way.</summary>
    /// <param name="command">Whom the job answers; null when nobody asked.</param>
    public void Start(IEnumerable<JournalStep> job, IJournalCommand? command)
    {
        _jobs.Enqueue((job.GetEnumerator(), command));
        if (_jobs.Count == 1)
        {
            Step();
        }
    }

    public void Step()
    {
        while (_jobs.TryPeek(out var job))
        {
            if (job.Steps.MoveNext())
            {
                pause();
                return;
            }

            job.Steps.Dispose();
            _jobs.Dequeue();
        }
    }

    /// <summary>True when this command is answered by a job, or by <see cref="Fail"/>.</summary>
    public bool Holds(object message) => _jobs.Any(job => ReferenceEquals(job.Command, message));

    /// <summary>Answers who waits for a job that will not end.</summary>
    public void Fail(Unavailable why)
    {
        while (_jobs.TryDequeue(out var job))
        {
            job.Command?.ReplyTo.Tell(why, ActorRefs.NoSender);
        }
    }
}
