using ActorSync.Journal;

namespace ActorSync.Drain;

/// <summary>The batches of the pass: read ahead, given back, read again.</summary>
internal sealed partial class LanePass
{
    private void Close()
    {
        Drop(ref _current);
        Drop(ref _next);
        _kept.ForEach(_ledger.Release);
        _turn.Over();
        End = _ending;
    }

    /// <summary>Forgets all that was read and starts again behind the lane's mark, with the stamps and the clock that stand now.</summary>
    private void Reopen()
    {
        _reopen = true;
        Drop(ref _current);
        Drop(ref _next);
    }

    // What is on its way reads its batch still.
    private void ReopenUnproven()
    {
        if (_unproven && _flight is null)
        {
            _unproven = false;
            Reopen();
        }
    }

    private void Load(PushBatch batch)
    {
        var loaded = new LoadedBatch(batch, new BatchPlan(batch), press.Press(batch.Body, _gzip));
        (_current, _next) = _current is null ? (loaded, null) : (_current, loaded);
    }

    private void Emptied()
    {
        if (Tally.Dead > _deadSeen && Tally.Suspects.IsEmpty)
        {
            // What was read ahead behind a dead letter was not sent; reading it again parks it.
            _deadSeen = Tally.Dead;
            Reopen();
        }
        else if (_again)
        {
            // From the mark again, not only ahead: what had waited for a key in flight in the other lane lies behind the position.
            _again = false;
            if (_orders.Notify)
            {
                _ledger.Subscribe();
            }

            if (Tally.Suspects.IsEmpty)
            {
                Reopen();
            }
            else
            {
                // Opening again would forget which keys are held.
                ReadAhead();
            }
        }
        else
        {
            Finish(new PassEnd.Drained());
        }
    }

    private void Drop(ref LoadedBatch? loaded)
    {
        if (loaded is not null)
        {
            Release(loaded);
            loaded = null;
        }
    }

    private void Release(LoadedBatch loaded)
    {
        press.Return(loaded.Pressed);
        if (Tally.Suspects.Exists(suspect => ReferenceEquals(suspect.Batch, loaded.Batch)))
        {
            _kept.Add(loaded.Batch);
        }
        else
        {
            _ledger.Release(loaded.Batch);
        }
    }

    private void ReadAhead()
    {
        if (!_reading)
        {
            _reading = true;
            _ledger.Read(limits.MaxBytes);
        }
    }
}
