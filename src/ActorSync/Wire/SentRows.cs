using System.Runtime.CompilerServices;
using ActorSync.Journal;

namespace ActorSync.Wire;

/// <summary>The rows that went out in one request, in the order sent, and how to find one by its id.</summary>
internal sealed class SentRows
{
    private readonly PushBatch _batch;
    private readonly int[]? _chosen;
    private readonly int _from;
    private Dictionary<Guid, int>? _byId;

    public SentRows(PushBatch batch, int from, int count) => (_batch, _from, Count) = (batch, from, count);

    public SentRows(PushBatch batch, ReadOnlySpan<int> chosen) => (_batch, _chosen, Count) = (batch, chosen.ToArray(), chosen.Length);

    public int Count { get; }

    /// <summary>The row's index in the whole batch.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int IndexAt(int position) => _chosen is null ? _from + position : _chosen[position];

    /// <summary>The position of the id, or -1. A hub mostly names in the order sent, so the guess is tried first.</summary>
    public int Find(Guid id, int guess)
    {
        if ((uint)guess < (uint)Count && _batch.IdAt(IndexAt(guess)).Value == id)
        {
            return guess;
        }

        _byId ??= Map();
        return _byId.TryGetValue(id, out var position) ? position : -1;
    }

    private Dictionary<Guid, int> Map()
    {
        var map = new Dictionary<Guid, int>(Count);
        for (var i = 0; i < Count; i++)
        {
            map[_batch.IdAt(IndexAt(i)).Value] = i;
        }

        return map;
    }
}
