namespace ActorSync.Drain;

/// <summary>What a lane has learnt and keeps from pass to pass: how large a request its hub takes, and how its turns are numbered.</summary>
internal sealed class LaneLimits(int configuredBytes)
{
    private const int Least = 16 << 10;
    private int? _learnt;
    private long _turns;

    /// <summary>Of one request before compression.</summary>
    public int MaxBytes => _learnt ?? configuredBytes;

    public long NextTurn() => ++_turns;

    /// <summary>A body of this many bytes was too large for the hub (413).</summary>
    public void Shrink(int bytes) => _learnt = Math.Max(Math.Min(Least, configuredBytes), Math.Min(MaxBytes, bytes) / 2);

    /// <summary>A pass went well: the next one may try more.</summary>
    public void Relax() => _learnt = MaxBytes * 2L >= configuredBytes ? null : MaxBytes * 2;
}
