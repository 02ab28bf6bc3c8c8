namespace ActorSync.Simulation.PowerCuts;

/// <summary>What a run has promised about its operations, in order; a point of it is a number of entries.</summary>
public sealed class Promises
{
    private readonly Dictionary<string, Life> _lives = new(StringComparer.Ordinal);

    /// <summary>How many entries there are: the next mark.</summary>
    public int Count { get; private set; }

    public IReadOnlyDictionary<string, Life> Lives => _lives;

    /// <summary>The caller was told that it is on disk.</summary>
    public void Accepted(string id) => _lives.TryAdd(id, new Life(Count++, int.MaxValue, int.MaxValue, Dead: false));

    /// <summary>From here on its outcome may be booked at any moment.</summary>
    public void Offered(string id) => _lives[id] = _lives[id] with { OfferedAt = Count++ };

    /// <summary>Somebody was told that its outcome is booked.</summary>
    public void Settled(string id, bool dead) => _lives[id] = _lives[id] with { SettledAt = Count++, Dead = dead };

    /// <param name="Dead">The outcome was a refusal.</param>
    public sealed record Life(int AcceptedAt, int OfferedAt, int SettledAt, bool Dead);
}
