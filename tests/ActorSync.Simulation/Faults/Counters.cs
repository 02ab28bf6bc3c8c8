namespace ActorSync.Simulation.Faults;

/// <summary>How often each thing happened.</summary>
public sealed class Counters
{
    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Counts => _counts;

    public long this[string name] => _counts.GetValueOrDefault(name);

    public void Add(string name, long count = 1) => _counts[name] = this[name] + count;

    public void AddAll(IEnumerable<KeyValuePair<string, long>> others)
    {
        foreach (var (name, count) in others)
        {
            Add(name, count);
        }
    }
}
