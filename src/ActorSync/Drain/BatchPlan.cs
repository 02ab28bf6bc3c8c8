using ActorSync.Journal;

namespace ActorSync.Drain;

/// <summary>Which rows of a batch go into the next request. Pure: no actor, no bytes, no clock.</summary>
/// <remarks>
/// A batch goes out whole. When it is refused whole it is halved, left half first, until the bad row stands alone: one bad row among n costs at most
/// 2·⌈log2 n⌉ requests more. Rows of a held key are left out from then on, so that the order of a key is kept.
/// </remarks>
internal sealed class BatchPlan
{
    private readonly PushBatch _batch;
    private readonly Stack<int[]> _slices = new();
    private HashSet<int>? _held;

    public BatchPlan(PushBatch batch)
    {
        _batch = batch;
        var rows = new int[batch.Count];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = i;
        }

        _slices.Push(rows);
    }

    /// <summary>Nothing of it was answered yet.</summary>
    public bool Untouched { get; private set; } = true;

    /// <summary>The rows of the next request, ascending; null when the batch is done. The same until one of the methods below is called.</summary>
    public int[]? Next()
    {
        while (_slices.TryPop(out var slice))
        {
            var rows = _held is null ? slice : Array.FindAll(slice, row => !_held.Contains(_batch.KeyAt(row)));
            if (rows.Length > 0)
            {
                _slices.Push(rows);
                return rows;
            }
        }

        return null;
    }

    /// <summary>The request was answered row by row.</summary>
    public void Done()
    {
        Untouched = false;
        _slices.Pop();
    }

    /// <summary>The request of two rows or more was refused whole.</summary>
    public void Halve()
    {
        Untouched = false;
        var rows = _slices.Pop();
        var middle = rows.Length / 2;
        _slices.Push(rows[middle..]);
        _slices.Push(rows[..middle]);
    }

    /// <summary>Later rows of this row's key are not sent any more.</summary>
    public void Hold(int row) => (_held ??= []).Add(_batch.KeyAt(row));
}
