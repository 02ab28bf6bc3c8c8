using System.Buffers;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Rows of one lane, read from the journal and written as the body of a push already; never turned into objects or strings.</summary>
/// <remarks>
/// Owned by the pass that read it until it is released. The body is one buffer: envelope up to <c>"ops":[</c>, the operations with commas between
/// them, the tail. A slice is made by copying, so the halves of a refused batch need no second read.
/// </remarks>
internal sealed class PushBatch
{
    private static ReadOnlySpan<byte> Tail => "]}"u8;

    private readonly ArrayBufferWriter<byte> _body;
    private readonly Row[] _rows;
    private readonly int _headBytes;
    private int[]? _keys;

    /// <param name="body">The whole body, tail included.</param>
    /// <param name="headBytes">Length of the envelope before the first operation.</param>
    public PushBatch(Lane lane, long clock, long maxLamport, ArrayBufferWriter<byte> body, int headBytes, Row[] rows)
    {
        (Lane, Clock, MaxLamport, _body, _headBytes, _rows, Open) = (lane, clock, maxLamport, body, headBytes, rows, rows.Length);
    }

    public Lane Lane { get; }

    /// <summary>The clock that the body carries.</summary>
    public long Clock { get; }

    public long MaxLamport { get; }

    public int Count => _rows.Length;

    public ReadOnlyMemory<byte> Body => _body.WrittenMemory;

    public OperationId IdAt(int index) => _rows[index].Id;

    /// <summary>Rows of one entity have one key number within the batch.</summary>
    public int KeyAt(int index) => (_keys ??= NumberKeys())[index];

    /// <summary>Where reading stood before this batch, and after it.</summary>
    internal (long After, long Until) Span { get; init; }

    /// <summary>The first row in the span that could be sent and was left out; the lane's mark stays below it.</summary>
    internal long FirstSkipped { get; init; } = long.MaxValue;

    /// <summary>How often stamps had been shifted when it was read.</summary>
    internal int ShiftEpoch { get; init; }

    /// <summary>The hub's pair that the body carries; no head for none.</summary>
    internal long KnownId { get; init; }

    internal string? KnownHead { get; init; }

    /// <summary>How often the hub's history had turned out to be another one when it was read.</summary>
    internal int HistoryEpoch { get; init; }

    /// <summary>Somebody changed rows of the queue while the batch was out: each row is looked at before it is booked.</summary>
    internal bool Disturbed { get; set; }

    /// <summary>Rows that no answer has been booked for.</summary>
    internal int Open { get; set; }

    internal ReadOnlySpan<Row> Rows => _rows;

    internal ArrayBufferWriter<byte> Buffer => _body;

    /// <summary>The body of rows [from, from + count); the whole one is not copied.</summary>
    public ReadOnlyMemory<byte> BodyOf(int from, int count)
    {
        if (from == 0 && count == _rows.Length)
        {
            return Body;
        }

        var start = _rows[from].Offset;
        var last = _rows[from + count - 1];
        var length = last.Offset + last.Length - start;
        var slice = new byte[_headBytes + length + Tail.Length];
        var whole = _body.WrittenSpan;
        whole[.._headBytes].CopyTo(slice);
        whole.Slice(start, length).CopyTo(slice.AsSpan(_headBytes));
        Tail.CopyTo(slice.AsSpan(_headBytes + length));
        return slice;
    }

    /// <summary>The body of chosen rows, in order; used when rows of a held key are left out.</summary>
    public ReadOnlyMemory<byte> BodyOf(ReadOnlySpan<int> indexes)
    {
        var body = new ArrayBufferWriter<byte>(_headBytes + 256);
        var whole = _body.WrittenSpan;
        body.Write(whole[.._headBytes]);
        for (var i = 0; i < indexes.Length; i++)
        {
            if (i > 0)
            {
                body.Write(","u8);
            }

            body.Write(whole.Slice(_rows[indexes[i]].Offset, _rows[indexes[i]].Length));
        }

        body.Write(Tail);
        return body.WrittenMemory;
    }

    private int[] NumberKeys()
    {
        var numbers = new Dictionary<EntityKey, int>();
        var keys = new int[_rows.Length];
        for (var i = 0; i < keys.Length; i++)
        {
            if (!numbers.TryGetValue(_rows[i].Entity, out keys[i]))
            {
                numbers.Add(_rows[i].Entity, keys[i] = numbers.Count);
            }
        }

        return keys;
    }

    /// <param name="Offset">Where the operation's JSON starts in the body.</param>
    internal readonly record struct Row(
        long Seq,
        OperationId Id,
        long Lamport,
        Lane Lane,
        EntityKey Entity,
        int Offset,
        int Length,
        int PayloadBytes = 0
    );
}
