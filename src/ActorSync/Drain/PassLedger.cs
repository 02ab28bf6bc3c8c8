using ActorSync.Journal;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Drain;

/// <summary>What a pass says to the journal, and how much of it is not booked yet.</summary>
internal sealed class PassLedger(DrainSetup setup, IActorRef self)
{
    private readonly HashSet<EntityKey> _heldKeys = [];

    /// <summary>-1 while it is being opened.</summary>
    public long Pass { get; private set; } = -1;

    /// <summary>Settlements and attempts that the journal has not confirmed.</summary>
    public int Unbooked { get; private set; }

    public void Open()
    {
        Pass = -1;
        setup.Journal.Tell(new OpenPass(setup.Lane, self));
    }

    /// <summary>Of two answers the later one is ours: the other was asked for by a pass that was given up.</summary>
    public bool Opened(PassOpened opened)
    {
        var later = opened.Pass > Pass;
        Pass = later ? opened.Pass : Pass;
        return later;
    }

    public void Read(int maxBytes) => setup.Journal.Tell(new ReadBatch(setup.Lane, Pass, setup.Settings.MaxOperations, maxBytes, self));

    public void Subscribe() => setup.Journal.Tell(new Subscribe(self));

    public void Settle(PushBatch batch, PushResult result)
    {
        Unbooked++;
        setup.Journal.Tell(new SettleBatch(setup.Lane, Pass, batch, result, self));
    }

    /// <summary>Records one attempt on each row, by runs of neighbours: a slice of a refused batch may have gaps.</summary>
    public void Record(PushBatch batch, ReadOnlySpan<int> rows, LaneError error)
    {
        for (var i = 0; i < rows.Length; )
        {
            var from = rows[i];
            var count = 1;
            while (i + count < rows.Length && rows[i + count] == from + count)
            {
                count++;
            }

            Unbooked++;
            setup.Journal.Tell(new RecordAttempt(setup.Lane, Pass, batch, from, count, $"{error.Code}: {error.Message}", self));
            i += count;
        }
    }

    /// <summary>True when it was one of this pass.</summary>
    public bool Booked(long pass)
    {
        if (pass != Pass)
        {
            return false;
        }

        Unbooked = Math.Max(0, Unbooked - 1);
        return true;
    }

    public void Recover(long storedMax) => setup.Journal.Tell(new RecoverFromRegression(storedMax, self));

    public void Release(PushBatch batch) => setup.Journal.Tell(new ReleaseBatch(setup.Lane, Pass, batch, self));

    /// <summary>A batch that nobody waits for any more: its keys are freed.</summary>
    public static void GiveBack(DrainSetup setup, BatchRead read, IActorRef self)
    {
        if (read.Batch is { } batch)
        {
            setup.Journal.Tell(new ReleaseBatch(read.Lane, read.Pass, batch, self));
        }
    }

    /// <summary>Later rows of this row's key stay, in this batch and in those that were read before it was known.</summary>
    public void Hold(LoadedBatch loaded, int row)
    {
        loaded.Plan.Hold(row);
        _heldKeys.Add(loaded.Batch.Rows[row].Entity);
    }

    /// <summary>The journal skips the key, too, until the pass ends: nothing of it is dead yet.</summary>
    public void HoldInJournal(PushBatch batch, int row) => setup.Journal.Tell(new HoldKey(setup.Lane, Pass, batch, row, self));

    public void HoldKnownKeys(LoadedBatch loaded)
    {
        for (var row = 0; _heldKeys.Count > 0 && row < loaded.Batch.Count; row++)
        {
            if (_heldKeys.Contains(loaded.Batch.Rows[row].Entity))
            {
                loaded.Plan.Hold(row);
            }
        }
    }
}

/// <summary>A batch that was read, what of it is still to be sent, and its whole body as it goes out.</summary>
internal sealed record LoadedBatch(PushBatch Batch, BatchPlan Plan, PressedBody Pressed);
