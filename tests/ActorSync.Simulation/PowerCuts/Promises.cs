namespace ActorSync.Simulation.PowerCuts;

/// <summary>What a run has promised about its operations, in order; a point of it is a number of entries.</summary>
public sealed class Promises
{
    private readonly Dictionary<string, Life> _lives = new(StringComparer.Ordinal);

    /// <summary>How many entries there are: the next mark.</summary>
    public int Count { get; private set; }

    public IReadOnlyDictionary<string, Life> Lives => _lives;

    /// <summary>The caller was told that it is on disk.</summary>
    /// <remarks>One that was offered before its caller was told (a failure came between) may be there or acked and gone: then nothing is promised.</remarks>
    public void Accepted(string id)
    {
        var life = Of(id);
        _lives[id] = life with { AcceptedAt = Math.Min(life.AcceptedAt, Count++), SettledAt = int.MaxValue };
    }

    /// <summary>From here on its outcome may be booked at any moment.</summary>
    public void Offered(string id) => _lives[id] = Of(id) with { OfferedAt = Count++ };

    /// <summary>Somebody was told that its outcome is booked.</summary>
    public void Settled(string id, bool dead) => _lives[id] = Of(id) with { SettledAt = Count++, Dead = dead };

    private Life Of(string id) => _lives.GetValueOrDefault(id) ?? new Life(int.MaxValue, int.MaxValue, int.MaxValue, Dead: false);

    /// <param name="Dead">The outcome was a refusal.</param>
    public sealed record Life(int AcceptedAt, int OfferedAt, int SettledAt, bool Dead);
}
