using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Decides which rows one request takes while both lanes hold some: pure, over sequence numbers and keys.</summary>
internal sealed class LanePlan
{
    private readonly LaneReading _own;
    private readonly LaneReading _other;
    private readonly HashSet<EntityKey> _inFlight = [];
    private readonly HashSet<long> _alreadyPulled = [];
    private readonly Dictionary<EntityKey, List<long>> _older = [];
    private HashSet<EntityKey>? _doubts;

    public LanePlan(LaneReading own, LaneReading other, int maxOperations)
    {
        (_own, _other, MaxOperations) = (own, other, maxOperations);
        foreach (var batch in other.Outstanding)
        {
            foreach (var row in batch.Rows)
            {
                _inFlight.Add(row.Entity);
            }
        }

        foreach (var batch in own.Outstanding)
        {
            foreach (var row in batch.Rows)
            {
                if (row.Lane != own.Lane)
                {
                    _alreadyPulled.Add(row.Seq);
                }
            }
        }
    }

    public Lane Lane => _own.Lane;

    public Lane Other => _other.Lane;

    public int MaxOperations { get; }

    public List<(long Seq, EntityKey Key)> Candidates { get; } = [];

    /// <summary>More rows than a step may look at, and none of them to send.</summary>
    public bool IsCutShort { get; set; }

    public long After { get; set; }

    public long Until { get; set; }

    /// <summary>The newest candidate that may have an older operation in the other lane.</summary>
    public long LastDoubt { get; private set; }

    public long FirstSkipped { get; private set; } = long.MaxValue;

    /// <summary>The first candidate that found no room any more; reading goes on before it.</summary>
    public long? FirstOmitted { get; private set; }

    /// <summary>The first candidate of each key that waits for the other lane.</summary>
    public List<(long Seq, EntityKey Key)> Waits { get; } = [];

    public void Skip(long seq) => FirstSkipped = Math.Min(FirstSkipped, seq);

    public void Omit(long candidate)
    {
        FirstOmitted = candidate;
        Skip(candidate);
    }

    /// <summary>Whether the other lane is to be looked at from here on.</summary>
    public bool NeedsOlder(long from)
    {
        if (_doubts is null)
        {
            _doubts = [];
            foreach (var (seq, key) in Candidates)
            {
                if (!_inFlight.Contains(key) && _other.Keys.MayHold(key))
                {
                    _doubts.Add(key);
                    LastDoubt = Math.Max(LastDoubt, seq);
                }
            }
        }

        return _doubts.Count > 0 && from < LastDoubt;
    }

    /// <summary>The other lane holds a pending row of this key.</summary>
    public void Older(EntityKey key, long seq)
    {
        if (_doubts!.Contains(key) && !_alreadyPulled.Contains(seq))
        {
            if (!_older.TryGetValue(key, out var rows))
            {
                _older.Add(key, rows = []);
            }

            rows.Add(seq);
        }
    }

    /// <summary>
    /// The rows to send, in order. A priority operation brings the older bulk ones of its key along, up to one batch; a bulk operation waits for
    /// older priority ones; what has its key in flight elsewhere waits, and with it all later ones of its key.
    /// </summary>
    /// <returns>Each row with the candidate that it goes for.</returns>
    public List<(long Seq, long Candidate)> Decide()
    {
        var chosen = new List<(long Seq, long Candidate)>(Candidates.Count);
        var waiting = new HashSet<EntityKey>();
        foreach (var (seq, key) in Candidates)
        {
            if (waiting.Contains(key))
            {
                Skip(seq);
                continue;
            }

            var older = _older.TryGetValue(key, out var rows) ? rows.FindAll(row => row < seq) : [];
            if (_inFlight.Contains(key) || (older.Count > 0 && (_own.Lane == Lane.Bulk || older.Count >= MaxOperations)))
            {
                waiting.Add(key);
                Waits.Add((seq, key));
                Skip(seq);
                continue;
            }

            if (chosen.Count > 0 && chosen.Count + older.Count + 1 > MaxOperations)
            {
                Omit(seq);
                break;
            }

            chosen.AddRange(older.Select(row => (row, seq)));
            chosen.Add((seq, seq));
            rows?.RemoveAll(row => row < seq);
        }

        return chosen;
    }
}
