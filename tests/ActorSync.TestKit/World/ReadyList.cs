using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Akka.Dispatch;

namespace ActorSync.TestKit;

/// <summary>Who goes next when several mailboxes have work.</summary>
public enum Interleaving
{
    /// <summary>Any, with the same chance.</summary>
    RandomWalk,

    /// <summary>Probabilistic concurrency testing: random priorities that change at a few random steps; finds what needs one actor to starve.</summary>
    Pct,

    /// <summary>In order of arrival.</summary>
    Fifo,
}

/// <summary>The mailboxes and continuations that can run now.</summary>
internal sealed class ReadyList
{
    private const int PctChanges = 3;
    private const int PctHorizon = 4000;

    private readonly Interleaving _interleaving;
    private readonly Random _random;
    private readonly List<(Node Node, IRunnable Work)> _items = [];
    private readonly ConditionalWeakTable<IRunnable, StrongBox<int>> _priorities = [];
    private readonly HashSet<long> _changeAt = [];
    private readonly Lock _gate = new();
    private int _lowest = -1;

    public ReadyList(Interleaving interleaving, Random random)
    {
        (_interleaving, _random) = (interleaving, random);
        for (var i = 0; interleaving == Interleaving.Pct && i < PctChanges; i++)
        {
            _changeAt.Add(random.Next(PctHorizon));
        }
    }

    public void Add(Node node, IRunnable work)
    {
        lock (_gate)
        {
            if (node.Alive)
            {
                _items.Add((node, work));
            }
        }
    }

    public bool TryTake(long step, [NotNullWhen(true)] out Node? node, [NotNullWhen(true)] out IRunnable? work)
    {
        lock (_gate)
        {
            while (_items.Count > 0)
            {
                var index = Pick(step);
                (node, work) = _items[index];
                Remove(index);
                if (node.Alive)
                {
                    return true;
                }
            }
        }

        (node, work) = (null, null);
        return false;
    }

    private void Remove(int index)
    {
        if (_interleaving == Interleaving.Fifo)
        {
            _items.RemoveAt(index);
            return;
        }

        _items[index] = _items[^1];
        _items.RemoveAt(_items.Count - 1);
    }

    private int Pick(long step) =>
        (_interleaving, _items.Count) switch
        {
            (_, 1) or (Interleaving.Fifo, _) => 0,
            (Interleaving.RandomWalk, var count) => _random.Next(count),
            _ => PickHighest(step),
        };

    private int PickHighest(long step)
    {
        var (best, highest) = (0, int.MinValue);
        for (var i = 0; i < _items.Count; i++)
        {
            var priority = _priorities.GetValue(_items[i].Work, _ => new StrongBox<int>(1 + _random.Next(1_000_000))).Value;
            if (priority > highest)
            {
                (best, highest) = (i, priority);
            }
        }

        if (_changeAt.Remove(step))
        {
            _priorities.GetValue(_items[best].Work, _ => new StrongBox<int>()).Value = _lowest--;
        }

        return best;
    }
}
