using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using Shouldly;

namespace ActorSync.IntegrationTests.Journal;

/// <summary>What must hold of a journal whose process was killed again and again: kept from what the processes reported, compared with the file.</summary>
internal sealed class KilledJournal(string path)
{
    private readonly Dictionary<OperationId, long> _accepted = [];
    private readonly HashSet<OperationId> _announced = [];
    private readonly HashSet<OperationId> _acked = [];
    private readonly HashSet<OperationId> _dead = [];
    private readonly List<OperationId> _order = [];
    private readonly Dictionary<OperationId, int> _lives = [];
    private int _life;

    public int Accepted => _accepted.Count;

    public int Acked => _acked.Count;

    public void Take(List<string> report)
    {
        _life++;
        foreach (var words in report.Select(line => line.Split(' ')))
        {
            switch (words[0])
            {
                case "A":
                    _accepted.TryAdd(Id(words[1]), long.Parse(words[2])).ShouldBeTrue("an id is given once");
                    _lives[Id(words[1])] = _life;
                    break;
                case "s":
                    _announced.Add(Id(words[1]));
                    break;
                case "a":
                    _acked.Add(Id(words[1]));
                    _dead.Remove(Id(words[1]));
                    break;
                case "d":
                    _dead.Add(Id(words[1]));
                    break;
                case "x":
                    _dead.Clear();
                    break;
                case "starting" or "open" or "r" or "R":
                    break;
                default:
                    throw new InvalidOperationException(string.Join(' ', words));
            }
        }
    }

    /// <summary>Opens it as a next process would, lets it finish what it must, and looks at every row.</summary>
    /// <param name="shifted">Stamps were moved: then their order is what holds, else each is the one that was given.</param>
    public void ShouldBeWhole(bool shifted)
    {
        using (var store = new JournalStore(path, JournalSettingsOf(), SyncPlatform.Real(), new JournalStatistics(), stepRows: 300))
        {
            foreach (var _ in store.Shift())
            {
                continue;
            }
        }

        using var db = SqliteDb.Open(path, null);
        db.QueryText("PRAGMA quick_check").ShouldBe("ok");
        var rows = Rows(db);
        CountersShouldAddUp(db, rows);
        var byId = rows.ToDictionary(row => row.Id);
        foreach (var (id, lamport) in _accepted)
        {
            var known = byId.TryGetValue(id, out var row);
            if (_acked.Contains(id))
            {
                (known && row!.State != RowState.Acked).ShouldBeFalse($"{id} was acked and is {row?.State}");
            }
            else if (!_announced.Contains(id))
            {
                known.ShouldBeTrue($"{id} was accepted and is lost");
                row!.State.ShouldBeOneOf(RowState.Pending, RowState.Parked);
                (shifted ? lamport : row.Lamport).ShouldBe(lamport);
            }
            else if (_dead.Contains(id))
            {
                known.ShouldBeTrue($"{id} was dead-lettered and is lost");
            }
        }

        rows.Select(row => row.Lamport).ShouldBeInOrder();
        rows.Select(row => row.Lamport).ShouldBeUnique();
        BatchesShouldBeWhole(rows, shifted);
        OrderShouldStand(rows);
    }

    private static JournalSettings JournalSettingsOf() => new(10_000_000, 0, 4 << 20, 200, 4096, 0.25, 200, 1_000);

    private static List<Row> Rows(SqliteDb db)
    {
        using var statement = db.Prepare(
            "SELECT seq, operation_id, lamport_ts, entity_id, lane, CASE WHEN state = 0 AND seq <= (SELECT CASE lane WHEN 0 THEN mark_priority ELSE mark_bulk END FROM clock) "
                + "THEN 3 ELSE state END, length(CAST(payload AS BLOB)) FROM op_journal ORDER BY seq"
        );
        var rows = new List<Row>();
        while (statement.Step())
        {
            rows.Add(
                new Row(
                    statement.Long(0),
                    OperationId.FromBytes(statement.Bytes(1)),
                    statement.Long(2),
                    statement.Text(3),
                    (Lane)statement.Long(4),
                    (RowState)statement.Long(5),
                    statement.Long(6)
                )
            );
        }

        return rows;
    }

    private void CountersShouldAddUp(SqliteDb db, List<Row> rows)
    {
        Counter("pending_priority").ShouldBe(rows.Count(row => row is { State: RowState.Pending, Lane: Lane.Priority }));
        Counter("pending_bulk").ShouldBe(rows.Count(row => row is { State: RowState.Pending, Lane: Lane.Bulk }));
        Counter("parked").ShouldBe(rows.Count(row => row.State == RowState.Parked));
        Counter("dead").ShouldBe(rows.Count(row => row.State == RowState.Dead));
        Counter("unfolded").ShouldBe(rows.Count(row => row.State == RowState.Acked));
        Counter("payload_bytes").ShouldBe(rows.Where(row => row.State != RowState.Acked).Sum(row => row.PayloadBytes));
        Counter("acked_ever").ShouldBeInRange(_acked.Count, _announced.Count);
        Counter("next_seq").ShouldBeGreaterThan(rows.Select(row => row.Seq).DefaultIfEmpty().Max());
        Counter("lamport").ShouldBeGreaterThanOrEqualTo(rows.Select(row => row.Lamport).DefaultIfEmpty().Max());

        long Counter(string name) => db.QueryLong($"SELECT {name} FROM clock");
    }

    // Rows of one batch or block share an entity id; their stamps are neighbours, also after any number of whole shifts.
    private static void BatchesShouldBeWhole(List<Row> rows, bool shifted)
    {
        foreach (var batch in rows.Where(row => row.EntityId.Contains(' ')).GroupBy(row => row.EntityId))
        {
            var stamps = batch.Select(row => row.Lamport).ToList();
            var size = shifted ? 700 : int.Parse(batch.Key.Split(' ')[^1]);
            stamps.Count.ShouldBe(size, $"{batch.Key} is stored in part");
            (stamps[^1] - stamps[0]).ShouldBe(size - 1, $"{batch.Key} was moved in part");
        }
    }

    // What was there keeps its order; what a new process accepted comes behind all that an older one accepted.
    private void OrderShouldStand(List<Row> rows)
    {
        var now = rows.Select(row => row.Id).ToHashSet();
        rows.Select(row => row.Id).Where(_order.Contains).ShouldBe(_order.Where(now.Contains));
        var lives = rows.Where(row => _lives.ContainsKey(row.Id)).Select(row => _lives[row.Id]).ToList();
        lives.ShouldBeInOrder();
        _order.Clear();
        _order.AddRange(rows.Select(row => row.Id));
    }

    private static OperationId Id(string text) => OperationId.TryParse(text, out var id) ? id : throw new FormatException(text);

    private sealed record Row(long Seq, OperationId Id, long Lamport, string EntityId, Lane Lane, RowState State, long PayloadBytes);
}
