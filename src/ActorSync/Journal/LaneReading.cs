using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>What a lane's pass has read and not yet let go. Volatile: a new pass starts at the mark.</summary>
internal sealed class LaneReading(Lane lane)
{
    private readonly HashSet<EntityKey> _held = [];
    private readonly HashSet<EntityKey> _behind = [];
    private long _goBackTo = long.MaxValue;
    private bool _mayGoBack;

    public Lane Lane => lane;

    public long Pass { get; private set; }

    /// <summary>The last row that was read.</summary>
    public long Position { get; set; }

    public List<PushBatch> Outstanding { get; } = [];

    /// <summary>Which keys the lane may hold, for the other lane's sake.</summary>
    public KeyFilter Keys { get; } = new();

    /// <summary>A row was left out because of the other lane: it wants to be told when that has let go.</summary>
    public bool IsWaiting { get; private set; }

    public bool SkipsAny => _held.Count > 0 || _behind.Count > 0;

    public long Open(long mark)
    {
        Outstanding.Clear();
        _held.Clear();
        ForgetBehind();
        Position = mark;
        return ++Pass;
    }

    /// <summary>Rows of this key are skipped until the pass ends: an older one was read and is not settled.</summary>
    public void Hold(EntityKey key) => _held.Add(key);

    public bool Skips(EntityKey key) => _held.Contains(key) || _behind.Contains(key);

    /// <summary>A row is pending again. When the pass went by it, later ones of its key are skipped until it has gone back there.</summary>
    public void Free(EntityKey key, long seq)
    {
        if (seq <= Position)
        {
            LeaveBehind(key, seq);
            _mayGoBack = true;
        }
    }

    /// <summary>A row was passed by because of the other lane; so are later ones of its key, until that lane has let go.</summary>
    public void Wait(EntityKey key, long seq)
    {
        if (seq <= Position)
        {
            LeaveBehind(key, seq);
            IsWaiting = true;
        }
    }

    /// <summary>The other lane has let go of something. True when that was waited for.</summary>
    public bool StopWaiting()
    {
        var waited = IsWaiting;
        (IsWaiting, _mayGoBack) = (false, _mayGoBack | waited);
        return waited;
    }

    /// <summary>Goes back to what was left behind, once nothing is out that would be read twice.</summary>
    public void GoBack()
    {
        if (_mayGoBack && Outstanding.Count == 0)
        {
            Position = Math.Min(Position, _goBackTo - 1);
            ForgetBehind();
        }
    }

    private void LeaveBehind(EntityKey key, long seq)
    {
        _behind.Add(key);
        _goBackTo = Math.Min(_goBackTo, seq);
    }

    private void ForgetBehind()
    {
        _behind.Clear();
        (_goBackTo, _mayGoBack, IsWaiting) = (long.MaxValue, false, false);
    }
}
