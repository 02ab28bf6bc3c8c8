using ActorSync.Journal.Sqlite;
using ActorSync.Model;

namespace ActorSync.Journal;

/// <summary>Moves acked operations from the queue into the replica, in the background: trimming is folding.</summary>
/// <remarks>
/// Up to a lane's mark its rows are acked unless their state says otherwise; beyond it the few that are say so. So no fold ever goes through the
/// backlog: one place a lane, and an index of the few.
/// </remarks>
internal sealed class Folding(JournalTables tables, Replica replica)
{
    /// <summary>Payload of one transaction: a fold needs no more room on the disk than the reserve gives, whatever its rows carry.</summary>
    private const int MostBytes = 256 << 10;

    private readonly Statement _upToMark = tables.Db.Prepare(
        $"SELECT {Replica.OperationColumns}, state, lane FROM op_journal WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"
    );

    private readonly Statement _beyond = tables.Db.Prepare(
        $"SELECT {Replica.OperationColumns} FROM op_journal INDEXED BY op_acked WHERE state = 3 ORDER BY seq LIMIT ?1"
    );

    private readonly Statement _drop = tables.Db.Prepare("DELETE FROM op_journal WHERE seq = ?1");
    private readonly long[] _places = new long[2];
    private readonly List<long> _taken = [];
    private bool _startedOver;
    private bool _drops;
    private int _bytes;

    /// <summary>While above 0 nothing may be folded: somebody reads the replica in steps.</summary>
    public int Holds { get; set; }

    /// <summary>Folds up to <paramref name="most"/> acked rows in one transaction. False when none is left.</summary>
    public bool Fold(int most)
    {
        if (tables.Row.Unfolded == 0)
        {
            return false;
        }

        tables.Write(() => FoldSome(most));
        return tables.Row.Unfolded > 0;
    }

    /// <summary>As <see cref="Fold"/>, but what is taken goes nowhere.</summary>
    public bool Drop(int most)
    {
        _drops = true;
        try
        {
            return Fold(most);
        }
        finally
        {
            _drops = false;
        }
    }

    private void FoldSome(int most)
    {
        var before = tables.Row.Unfolded;
        var room = tables.StepRows;
        _bytes = 0;
        foreach (var lane in tables.Lanes)
        {
            most -= FoldUpToMark(lane.Lane, most, ref room);
        }

        if (room > 0 && most > 0)
        {
            FoldBeyond(most);
        }

        if (room > 0 && tables.Row.Unfolded == before)
        {
            StartOver();
        }
        else if (tables.Row.Unfolded < before)
        {
            _startedOver = false;
        }
    }

    private int FoldUpToMark(Lane lane, int most, ref int room)
    {
        ref var place = ref _places[(int)lane];
        var mark = tables.Row.Mark(lane);
        place = Math.Min(place, mark);
        _upToMark.Bind(1, place).Bind(2, mark);
        try
        {
            while (_taken.Count < most && _bytes < MostBytes && room > 0)
            {
                if (!_upToMark.Step())
                {
                    place = mark;
                    break;
                }

                room--;
                place = _upToMark.Long(0);
                if ((Lane)_upToMark.Long(10) == lane && tables.Row.Meant((RowState)_upToMark.Long(9), lane, place) == RowState.Acked)
                {
                    Take(_upToMark);
                }
            }
        }
        finally
        {
            _upToMark.Reset();
        }

        return DropTaken();
    }

    private void FoldBeyond(int most)
    {
        _beyond.Bind(1, most);
        try
        {
            while (_bytes < MostBytes && _beyond.Step())
            {
                Take(_beyond);
            }
        }
        finally
        {
            _beyond.Reset();
        }

        DropTaken();
    }

    private void Take(Statement row)
    {
        if (!_drops)
        {
            replica.Apply(row);
        }

        _taken.Add(row.Long(0));
        _bytes += row.Bytes(7).Length;
    }

    private int DropTaken()
    {
        var count = _taken.Count;
        foreach (var seq in _taken)
        {
            _drop.Bind(1, seq).Run();
        }

        _taken.Clear();
        tables.Row.Unfolded -= count;
        return count;
    }

    // A mark that went back and forth again may have left a row behind a place.
    private void StartOver()
    {
        if (_startedOver)
        {
            throw JournalTables.Contradiction($"{tables.Row.Unfolded} acked operations are counted and not there");
        }

        _startedOver = true;
        Array.Clear(_places);
    }
}
