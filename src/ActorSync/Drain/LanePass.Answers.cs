using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Wire;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Drain;

/// <summary>What each row of the outcome table does to the pass.</summary>
internal sealed partial class LanePass
{
    public void Answered(Flight flight, HubReply reply)
    {
        if (!ReferenceEquals(flight, _flight))
        {
            return;
        }

        _flight = null;
        flight.Dispose();
        var current = _current!;
        if (!ReferenceEquals(flight.Body.Buffer, current.Pressed.Buffer))
        {
            press.Return(flight.Body);
        }

        Tally = Tally with { Batches = Tally.Batches + 1 };
        var whole = flight.Rows.Length == current.Batch.Count;
        var outcome = whole
            ? PushOutcomes.Read(reply, current.Batch, 0, flight.Rows.Length)
            : PushOutcomes.Read(reply, current.Batch, flight.Rows);
        reply.Release();
        switch (outcome)
        {
            case PushOutcome.Named(var result):
                Named(current, flight.Rows, result);
                break;
            case PushOutcome.Regression regression:
                Regressed(current.Batch, regression);
                break;
            case PushOutcome.RefusedWhole when flight.Rows.Length > 1:
                current.Plan.Halve();
                break;
            case PushOutcome.RefusedWhole refused:
                Suspected(current, flight.Rows[0], refused.Code, refused.Message);
                break;
            case PushOutcome.TooLarge when flight.Rows.Length > 1:
                limits.Shrink(flight.PlainBytes);
                current.Plan.Halve();
                break;
            case PushOutcome.TooLarge tooLarge:
                Convict(current, new Suspect(current.Batch, flight.Rows[0], PushErrors.TooLarge, tooLarge.Message));
                break;
            case PushOutcome.EncodingRefused when flight.Body.Gzip:
                // Remembered by sync for both lanes; the same rows go again as they are.
                _gzip = false;
                sync.Tell(new EncodingDoubted(flight.Hub), self);
                break;
            case PushOutcome.EncodingRefused:
                Fail(current.Batch, flight.Rows, LaneErrors.EncodingLoop);
                break;
            case PushOutcome.AuthRefused refused:
                sync.Tell(new CredentialDoubted(setup.Lane, flight.Generation, refused.Status, refused.Code, refused.Message), self);
                Finish(new PassEnd.Doubted(refused.Code, refused.Message));
                break;
            case PushOutcome.ResyncRequired resync:
                sync.Tell(new HistoryDoubted(setup.Lane), self);
                Fail(current.Batch, [], LaneErrors.Resync(resync.Reason));
                break;
            case PushOutcome.Failed(var failure):
                Fail(
                    current.Batch,
                    flight.Rows,
                    new LaneError(failure.Code, failure.Message, failure.Remedy, LaneErrors.NeedsAttention(failure.Class)),
                    failure.Class == ErrorClass.TransientNetwork,
                    failure.RetryAfter
                );
                break;
        }

        ReopenUnproven();
        Advance();
    }

    private void Named(LoadedBatch current, int[] rows, PushResult result)
    {
        current.Plan.Done();
        foreach (var rejected in result.Rejected)
        {
            _ledger.Hold(current, rejected.Index);
        }

        Tally = Tally.With(result);
        _ledger.Settle(current.Batch, result);
        if (Tally.AnythingAccepted)
        {
            ConvictSuspects();
        }

        var unnamed = rows.Length - result.Accepted.Length - result.Rejected.Length;
        if (Tally.Over(setup.Settings.DeadLettersPerPass))
        {
            Finish(new PassEnd.Failed(LaneErrors.TooManyDead(Tally.Dead), Offline: false, null));
        }
        else if (unnamed > 0)
        {
            Fail(current.Batch, UnnamedOf(rows, result), LaneErrors.Unnamed(unnamed, rows.Length));
        }
        else
        {
            _took = true;
            ReopenAmongOthers(current.Batch, result);
        }
    }

    /// <summary>
    /// Other devices of the account push as well. What was read ahead carries the pair of before them, and its answer could not be proven: it is read
    /// again with the pair of now instead of being sent twice.
    /// </summary>
    private void ReopenAmongOthers(PushBatch batch, PushResult result)
    {
        if (result.Head is null)
        {
            return;
        }

        var known = Math.Max(_knownId, batch.KnownId);
        _knownId = result.LastId;
        if (known > 0 && result.LastId != known + result.Accepted.Count(accepted => !accepted.Duplicate))
        {
            Reopen();
        }
    }

    private void Regressed(PushBatch batch, PushOutcome.Regression regression)
    {
        if (batch.Clock >= regression.StoredMax || Tally.Recoveries >= PassTally.MaxRecoveries)
        {
            Fail(batch, [], LaneErrors.RegressionLoop(batch.Clock, regression.StoredMax));
            return;
        }

        Tally = Tally with { Recoveries = Tally.Recoveries + 1 };
        _recovering = true;
        _turn.Over();
        _ledger.Recover(regression.StoredMax);
    }

    private void Suspected(LoadedBatch current, int row, string code, string message)
    {
        current.Plan.Done();
        _ledger.Hold(current, row);
        _ledger.HoldInJournal(current.Batch, row);
        Tally = Tally.With(new Suspect(current.Batch, row, code, message));
        if (Tally.AnythingAccepted)
        {
            ConvictSuspects();
        }

        if (Tally.Over(setup.Settings.DeadLettersPerPass))
        {
            Finish(Tally.Suspects.IsEmpty ? new PassEnd.Failed(LaneErrors.TooManyDead(Tally.Dead), Offline: false, null) : Unconvicted());
        }
    }

    private void Convict(LoadedBatch current, Suspect suspect)
    {
        current.Plan.Done();
        _ledger.Hold(current, suspect.Row);
        Tally = Tally with { Dead = Tally.Dead + 1, Rejected = Tally.Rejected + 1 };
        _ledger.Settle(suspect.Batch, suspect.Conviction);
        if (Tally.Over(setup.Settings.DeadLettersPerPass))
        {
            Finish(new PassEnd.Failed(LaneErrors.TooManyDead(Tally.Dead), Offline: false, null));
        }
    }

    private void ConvictSuspects()
    {
        foreach (var suspect in Tally.Suspects)
        {
            _ledger.Settle(suspect.Batch, suspect.Conviction);
        }

        Tally = Tally.Convicted();
    }

    private PassEnd.Failed Unconvicted() => new(LaneErrors.AllRefused(Tally.Suspects[0]), Offline: false, null);

    private void Fail(PushBatch batch, ReadOnlySpan<int> rows, LaneError error, bool offline = false, TimeSpan? retryAfter = null)
    {
        _ledger.Record(batch, rows, error);
        Finish(new PassEnd.Failed(error, offline, retryAfter));
    }

    private static int[] UnnamedOf(int[] rows, PushResult result)
    {
        var named = result.Accepted.Select(row => row.Index).Concat(result.Rejected.Select(row => row.Index)).ToHashSet();
        return Array.FindAll(rows, row => !named.Contains(row));
    }
}
