using Akka.Actor;

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
    private readonly Queue<(IEnumerator<JournalStep> Steps, IActorRef Asker)> _jobs = new();

    /// <summary>Who waits for a job that has not ended.</summary>
    public IEnumerable<IActorRef> Askers => _jobs.Select(job => job.Asker);

    /// <summary>Runs to its first pause at once when nothing else is under way.</summary>
    public void Start(IEnumerable<JournalStep> job, IActorRef asker)
    {
        _jobs.Enqueue((job.GetEnumerator(), asker));
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
}
