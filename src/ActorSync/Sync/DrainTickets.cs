using ActorSync.Drain;
using ActorSync.Model;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Sync;

/// <summary>Those who asked for a drain and wait for its outcome: answered when both lanes have been through.</summary>
internal sealed class DrainTickets
{
    // A lane may wait for rows that the other one has in flight; as long as that makes progress it looks again.
    private const int MaxRounds = 8;
    private readonly List<Ticket> _open = [];
    private long _last;

    public long Open(IActorRef asker, bool force)
    {
        _open.Add(new Ticket(asker, ++_last, force));
        return _last;
    }

    /// <summary>What the lanes are told when they start: all who have asked so far. Null for none.</summary>
    public RunPass? All() => _open.Count > 0 ? new RunPass(_last, _open.Exists(ticket => ticket.Force)) : null;

    /// <summary>Gives what the lanes have to be told: another round for those whose rows waited for each other.</summary>
    public RunPass? Over(PassOver over)
    {
        RunPass? again = null;
        foreach (var ticket in _open.FindAll(ticket => ticket.Number <= over.Ticket))
        {
            ticket.Lanes[over.Lane] = over;
            ticket.Done.Add(over.Tally);
            if (ticket.Lanes.Count < 2)
            {
                continue;
            }

            if (ticket.Rounds < MaxRounds && ticket.LeftWaitingRows)
            {
                ticket.NextRound(++_last);
                again = new RunPass(_last, ticket.Force);
            }
            else
            {
                _open.Remove(ticket);
                ticket.Asker.Tell(ticket.Report(), ActorRefs.NoSender);
            }
        }

        return again;
    }

    public void CloseAll(string stopped)
    {
        foreach (var ticket in _open)
        {
            ticket.Asker.Tell(Stopped(stopped, null), ActorRefs.NoSender);
        }

        _open.Clear();
    }

    public static DrainReport Stopped(string why, DateTimeOffset? nextTry) => new(0, 0, 0, 0, -1, why, nextTry);

    private sealed class Ticket(IActorRef asker, long number, bool force)
    {
        public IActorRef Asker => asker;

        public bool Force => force;

        public long Number { get; private set; } = number;

        public int Rounds { get; private set; }

        public Dictionary<Lane, PassOver> Lanes { get; } = [];

        public List<PassTally> Done { get; } = [];

        /// <summary>A lane found nothing it could send and has rows nevertheless, and the other one got something through.</summary>
        public bool LeftWaitingRows =>
            Lanes.Values.All(over => over.End is PassEnd.Drained)
            && Lanes.Values.Any(over =>
                over.Pending > 0 && Lanes.Values.Any(other => other.Lane != over.Lane && other.Tally.AnythingAccepted)
            );

        public void NextRound(long number)
        {
            Number = number;
            Rounds++;
            Lanes.Clear();
        }

        public DrainReport Report()
        {
            var over = Lanes.OrderBy(pair => pair.Key).Select(pair => pair.Value).ToList();
            var stopped = over.Select(lane => WhyStopped(lane.End)).FirstOrDefault(why => why is not null);
            return new DrainReport(
                Done.Sum(tally => tally.Batches),
                Done.Sum(tally => tally.Accepted),
                Done.Sum(tally => tally.Duplicate),
                Done.Sum(tally => tally.Rejected),
                over.Exists(lane => lane.Pending < 0) ? -1 : over.Sum(lane => lane.Pending),
                stopped,
                over.Select(lane => lane.NextTry).Where(at => at is not null).Min()
            );
        }

        private static string? WhyStopped(PassEnd end) =>
            end switch
            {
                PassEnd.Drained => null,
                PassEnd.Skipped skipped => skipped.Gate.Reason.ToString(),
                PassEnd.Doubted => nameof(GateReason.Paused),
                PassEnd.JournalGone gone => LaneErrors.Journal(gone.Reason).Message,
                PassEnd.Failed { Offline: true } failed => $"{nameof(GateReason.Offline)}: {failed.Error.Message}",
                PassEnd.Failed failed => failed.Error.Message,
                _ => end.GetType().Name,
            };
    }
}
