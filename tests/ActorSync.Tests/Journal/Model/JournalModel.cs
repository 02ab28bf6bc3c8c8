using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal.Model;

/// <summary>What a journal must hold, kept in plain lists. Fed with what was said to it and with its replies, in their order.</summary>
internal sealed class JournalModel
{
    private readonly Dictionary<OperationId, ModelOperation> _byId = [];

    public List<ModelOperation> Operations { get; } = [];

    public List<ModelBatch>[] Out { get; } =
    [
        [],
        [],
    ];

    public long[] Pass { get; } = [-1, -1];

    public long AckedEver { get; private set; }

    public long Clock { get; private set; }

    public IEnumerable<ModelOperation> Of(Fate fate) => Operations.Where(operation => operation.Fate == fate);

    public ModelOperation this[OperationId id] => _byId[id];

    public void Accepted(NewOperation operation, Accepted accepted)
    {
        if (accepted.Duplicate)
        {
            _byId[accepted.OperationId].Lamport.ShouldBe(accepted.Lamport);
            return;
        }

        accepted.Lamport.ShouldBe(Clock + 1, "a stamp is the clock's next");
        Clock = accepted.Lamport;
        var known = new ModelOperation
        {
            Id = accepted.OperationId,
            Order = Operations.Count,
            Key = operation.EntityId,
            Lane = operation.Lane,
            Kind = operation.Kind,
            Field = operation.Field,
            Payload = System.Text.Encoding.UTF8.GetString(operation.Payload.Span),
            Lamport = accepted.Lamport,
        };
        Operations.Add(known);
        _byId.Add(known.Id, known);
    }

    public void Opened(PassOpened opened)
    {
        Out[(int)opened.Lane].Clear();
        Pass[(int)opened.Lane] = opened.Pass;
    }

    /// <summary>Checks everything that WIRE rules d, h and i say of what may be sent.</summary>
    public ModelBatch? Read(BatchRead read)
    {
        if (read.Pass != Pass[(int)read.Lane] || read.Batch is not { } batch)
        {
            (read.Batch is null || read.Pass == Pass[(int)read.Lane]).ShouldBeTrue("a pass that is over reads nothing");
            return null;
        }

        var rows = batch.Rows.ToArray().Select(row => _byId[row.Id]).ToList();
        var sentBefore = Out[(int)read.Lane].SelectMany(other => other.Rows).ToHashSet();
        var elsewhere = Out[1 - (int)read.Lane].SelectMany(other => other.Rows).ToList();
        rows.ShouldBeUnique();
        (read.Lane == Lane.Priority || rows.TrueForAll(row => row.Lane == Lane.Bulk)).ShouldBeTrue("nothing urgent waits in a bulk batch");
        rows.Where(row => row.Lane == read.Lane).Select(row => row.Order).ShouldBeInOrder();
        for (var i = 0; i < rows.Count; i++)
        {
            var row = rows[i];
            row.Fate.ShouldBe(Fate.Waiting, $"{row} was read");
            sentBefore.ShouldNotContain(row, $"{row} is in two batches");
            elsewhere.ShouldNotContain(other => other.Key == row.Key, $"the key of {row} is in flight in both lanes");
            batch.Rows[i].Lamport.ShouldBe(row.Lamport, $"{row} has another stamp in the batch");
            foreach (var older in Operations.Take(row.Order).Where(older => older.Key == row.Key))
            {
                older.Fate.ShouldNotBe(Fate.Dead, $"{row} goes past the dead {older}");
                if (older.Fate == Fate.Waiting)
                {
                    var goesBefore = sentBefore.Contains(older) || rows.IndexOf(older) is >= 0 and var at && at < i;
                    goesBefore.ShouldBeTrue($"{row} overtakes {older}");
                }
            }
        }

        batch.Clock.ShouldBe(Clock);
        BodyShouldBe(batch, rows);
        var known = new ModelBatch(batch, read.Pass, rows);
        Out[(int)read.Lane].Add(known);
        return known;
    }

    public void Settled(BatchSettled settled, PushBatch batch, PushResult result)
    {
        var (acked, dead, parked) = (0, 0, 0);
        foreach (var accepted in result.Accepted)
        {
            var operation = _byId[batch.Rows[accepted.Index].Id];
            Clock = Math.Max(Clock, accepted.Lamport);
            if (operation.Fate is Fate.Waiting or Fate.Dead)
            {
                (operation.Fate, operation.Lamport) = (Fate.Acked, accepted.Lamport);
                acked++;
            }
        }

        foreach (var rejected in result.Rejected)
        {
            var operation = _byId[batch.Rows[rejected.Index].Id];
            if (operation.Fate is Fate.Waiting or Fate.Dead)
            {
                // "blocked" is only ever said behind something that is dead here (see the program).
                var isParked = rejected.Error == "blocked";
                operation.Fate = isParked ? Fate.Waiting : Fate.Dead;
                (dead, parked) = isParked ? (dead, parked + 1) : (dead + 1, parked);
            }
        }

        AckedEver += acked;
        (settled.Acked, settled.Dead, settled.Parked).ShouldBe((acked, dead, parked));
    }

    public void Retried(OperationId? id, long count)
    {
        var retried = id is { } one
            ? Operations.Where(operation => operation.Id == one && operation.Fate == Fate.Dead).ToList()
            : Of(Fate.Dead).ToList();
        count.ShouldBe(retried.Count);
        retried.ForEach(operation => operation.Fate = Fate.Waiting);
    }

    public void Discarded(OperationId id, long count)
    {
        count.ShouldBe(_byId[id].Fate == Fate.Dead ? 1 : 0);
        _byId[id].Fate = count > 0 ? Fate.Discarded : _byId[id].Fate;
    }

    /// <summary>What is parked already cannot be set aside by hand; the model does not know which that is.</summary>
    public void SetAside(OperationId id, long count)
    {
        (count == 0 || _byId[id].Fate == Fate.Waiting).ShouldBeTrue();
        _byId[id].Fate = count > 0 ? Fate.Dead : _byId[id].Fate;
    }

    public void Cleared(long count)
    {
        var gone = Operations.Where(operation => operation.Fate is Fate.Waiting or Fate.Dead).ToList();
        count.ShouldBe(gone.Count);
        gone.ForEach(operation => operation.Fate = Fate.Cleared);
    }

    public void Recovered(long storedMax, Recovered recovered)
    {
        var unpublished = Operations.Where(operation => operation.Fate is Fate.Waiting or Fate.Dead).ToList();
        if (storedMax <= Clock)
        {
            recovered.ShouldBe(new Recovered(Clock, 0));
            return;
        }

        var delta = unpublished.Count == 0 ? 0 : storedMax - unpublished.Min(operation => operation.Lamport) + 1;
        recovered.Delta.ShouldBe(delta);
        unpublished.ForEach(operation => operation.Lamport += delta);
        Clock = Math.Max(storedMax, Clock + delta);
        recovered.Clock.ShouldBe(Clock);
    }

    public void CountsShouldBe(JournalCounts counts)
    {
        (counts.Pending + counts.Parked).ShouldBe(Of(Fate.Waiting).Count(), "pending and parked");
        counts.Dead.ShouldBe(Of(Fate.Dead).Count(), "dead");
        counts.AckedEver.ShouldBe(AckedEver, "acked ever");
        counts.Clock.ShouldBe(Clock, "clock");
        counts.PayloadBytes.ShouldBe(
            Operations.Where(operation => operation.Fate is Fate.Waiting or Fate.Dead).Sum(operation => operation.Payload.Length),
            "payload bytes"
        );
    }

    public void RowsShouldBe(JournalRecount recount)
    {
        recount.ShouldAddUp();
        Compare(recount.Unsettled, Fate.Waiting);
        Compare(recount.Rows.Where(row => row.Meant == RowState.Dead), Fate.Dead);
        foreach (var row in recount.Rows.Where(row => row.Meant == RowState.Acked))
        {
            _byId[row.Id].Fate.ShouldBe(Fate.Acked);
            row.Lamport.ShouldBe(_byId[row.Id].Lamport);
        }

        void Compare(IEnumerable<StoredRow> rows, Fate fate) =>
            rows.Select(row => (row.Id, row.Lamport))
                .ShouldBe(Of(fate).Select(operation => (operation.Id, operation.Lamport)), $"the rows that are {fate}");
    }

    private static void BodyShouldBe(PushBatch batch, List<ModelOperation> rows)
    {
        using var body = System.Text.Json.JsonDocument.Parse(batch.Body);
        var ops = body.RootElement.GetProperty("ops");
        ops.GetArrayLength().ShouldBe(rows.Count);
        for (var i = 0; i < rows.Count; i++)
        {
            ops[i].GetProperty("operation_id").GetString().ShouldBe(rows[i].Id.ToString());
            ops[i].GetProperty("lamport_ts").GetInt64().ShouldBe(rows[i].Lamport);
            ops[i].GetProperty("entity_id").GetString().ShouldBe(rows[i].Key);
            ops[i].GetProperty("payload").GetRawText().ShouldBe(rows[i].Payload.Length == 0 ? "null" : rows[i].Payload);
        }
    }
}

/// <param name="Rows">In the order of the batch.</param>
internal sealed record ModelBatch(PushBatch Batch, long Pass, List<ModelOperation> Rows);
