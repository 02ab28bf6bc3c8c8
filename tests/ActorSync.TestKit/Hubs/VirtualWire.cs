namespace ActorSync.TestKit.Hubs;

/// <summary>What the network does to requests and answers, in virtual time. All chances are 0 and the line is up unless told.</summary>
public sealed class VirtualWire
{
    /// <summary>One way.</summary>
    public TimeSpan MinLatency { get; set; } = TimeSpan.FromMilliseconds(1);

    public TimeSpan MaxLatency { get; set; } = TimeSpan.FromMilliseconds(20);

    public double LosesRequest { get; set; }

    public double LosesAnswer { get; set; }

    /// <summary>Chance at each frame that its socket dies without a word.</summary>
    public double KillsSockets { get; set; }

    public double Duplicates { get; set; }

    /// <summary>Chance that an answer takes up to <see cref="LateBy"/> more.</summary>
    public double Delays { get; set; }

    public TimeSpan LateBy { get; set; } = TimeSpan.FromSeconds(40);

    /// <summary>Nothing gets through either way.</summary>
    public bool IsDown { get; set; }

    /// <summary>The hub's name has no address: nothing leaves.</summary>
    public bool HasNoNames { get; set; }

    /// <summary>Requests arrive, answers do not.</summary>
    public bool AnswersBlocked { get; set; }

    /// <summary>A lost request or answer is noticed as a reset; otherwise, with this chance, never.</summary>
    public double Silent { get; set; }

    /// <summary>How often each kind of fault struck.</summary>
    public SortedDictionary<string, long> Struck { get; } = new(StringComparer.Ordinal);

    /// <summary>The faults stop and the line is fast; what is under way stays as it is.</summary>
    public void Heal()
    {
        MaxLatency = TimeSpan.FromMilliseconds(20);
        (LosesRequest, LosesAnswer, Duplicates, Delays, Silent, KillsSockets) = (0, 0, 0, 0, 0, 0);
        (IsDown, AnswersBlocked, HasNoNames) = (false, false, false);
    }

    internal TimeSpan Latency(Random random) =>
        TimeSpan.FromTicks(random.NextInt64(MinLatency.Ticks, Math.Max(MinLatency.Ticks, MaxLatency.Ticks) + 1));

    internal bool Strikes(Random random, double chance, string name)
    {
        var strikes = chance > 0 && random.NextDouble() < chance;
        if (strikes)
        {
            Count(name);
        }

        return strikes;
    }

    internal void Count(string name) => Struck[name] = Struck.GetValueOrDefault(name) + 1;
}
