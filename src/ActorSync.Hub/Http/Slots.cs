namespace ActorSync.Hub.Http;

/// <summary>Counts what is under way, of each owner and together, and says no at a bound.</summary>
internal sealed class Slots<TOwner>(int mostOfOne, int mostOfAll)
    where TOwner : notnull
{
    private readonly Dictionary<TOwner, int> _taken = [];
    private readonly Lock _gate = new();
    private int _all;

    public bool TryTake(TOwner owner)
    {
        lock (_gate)
        {
            var taken = _taken.GetValueOrDefault(owner);
            if (taken >= mostOfOne || _all >= mostOfAll)
            {
                return false;
            }

            _taken[owner] = taken + 1;
            _all++;
            return true;
        }
    }

    public void Give(TOwner owner)
    {
        lock (_gate)
        {
            _all--;
            if (--_taken[owner] == 0)
            {
                _taken.Remove(owner);
            }
        }
    }
}
