namespace ActorSync.Hub.Http;

/// <summary>Draws, for each request, what goes wrong with it.</summary>
/// <remarks>SplitMix64: the same seed gives the same draws on every machine. They go to requests in the order in which these ask.</remarks>
internal sealed class FaultDice(HubFaults faults)
{
    private const long Step = unchecked((long)0x9E3779B97F4A7C15);
    private long _state = faults.Seed;

    /// <summary>Null when all goes well.</summary>
    public FaultRule? Draw(string method, string path)
    {
        foreach (var rule in faults.Rules)
        {
            if (rule.Matches(method, path) && (rule.Rate >= 1 || Next() < rule.Rate))
            {
                return rule;
            }
        }

        return null;
    }

    /// <summary>Uniform in [0, 1). Any thread may ask.</summary>
    private double Next()
    {
        var z = (ulong)Interlocked.Add(ref _state, Step);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
