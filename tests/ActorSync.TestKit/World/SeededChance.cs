using ActorSync.Platform;

namespace ActorSync.TestKit;

/// <summary>Chance decided by a seed.</summary>
internal sealed class SeededChance(int seed) : IChance
{
    private readonly Random _random = new(seed);

    public double NextDouble()
    {
        lock (_random)
        {
            return _random.NextDouble();
        }
    }

    public void Fill(Span<byte> bytes)
    {
        lock (_random)
        {
            _random.NextBytes(bytes);
        }
    }
}
