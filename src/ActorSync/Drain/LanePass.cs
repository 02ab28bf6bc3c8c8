using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Drain.DrainProtocol;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Drain;

/// <summary>One pass over a lane: part of the drain actor's state while it passes, called on its thread.</summary>
/// <remarks>
/// <code>
/// open pass → read ──► turn ──► credential ──► request ──► answer ──► settle ──┐
///              ▲  └─ ahead: read and press the next batch meanwhile            │
///              └───────────────────── until nothing can be read ◄──────────────┘
/// </code>
/// One request is in flight at most. What the hub named is settled in order; the next request does not wait for that, the end of the pass does.
/// </remarks>
internal sealed class LanePass(DrainSetup setup, IActorRef self, IActorRef sync, Orders orders, BodyPress press, LaneLimits limits)
{
    // The answers of the batch before last must be booked before the next one goes out.
    private const int MaxUnbooked = 2;

    private readonly Turn _turn = new(setup.Lane, self, sync, limits);
    private readonly List<PushBatch> _kept = [];
    private readonly HashSet<EntityKey> _heldKeys = [];
    private Orders _orders = orders;
    private bool _gzip = orders.Gzip;
    private long _pass = -1;
    private Loaded? _current;
    private Loaded? _next;
    private Flight? _flight;
    private PassEnd? _ending;
    private bool _reading;
    private bool _again;
    private bool _reopen;
    private bool _recovering;
    private bool _askedCredential;
    private bool _took;
    private int _deadSeen;
    private int _unbooked;

    public PassTally Tally { get; private set; } = new();

    public long Pending { get; private set; }

    /// <summary>Set when the pass is over and nothing of it is open any more.</summary>
    public PassEnd? End { get; private set; }

    public PushBatch? InFlight => _flight is null ? null : _current?.Batch;

    /// <summary>Whether the hub took a request since this was last asked.</summary>
    public bool TakeTook() => _took && !(_took = false);

    public void Start() => setup.Journal.Tell(new OpenPass(setup.Lane, self));

    /// <summary>Something became pending: read once more before ending.</summary>
    public void Again() => _again = true;

    public void Obey(Orders orders)
    {
        if (!orders.Continues(_orders))
        {
            Finish(orders.Gate is Gate.Closed closed ? new PassEnd.Skipped(closed) : new PassEnd.Superseded());
        }

        _orders = orders;
        Advance();
    }

    /// <summary>Of two answers the later one is ours: the other was asked for by a pass that was given up.</summary>
    public void Opened(PassOpened opened)
    {
        if (opened.Pass > _pass)
        {
            (_pass, _reading, Pending) = (opened.Pass, false, opened.Pending);
            Advance();
        }
    }

    public void Read(BatchRead read)
    {
        if (read.Pass != _pass)
        {
            GiveBack(setup, read, self);
            return;
        }

        _reading = false;
        Pending = read.Pending;
        if (read.Batch is { } batch)
        {
            Load(batch);
        }
        else if (_current is null && _ending is null)
        {
            Emptied();
        }

        Advance();
    }

    /// <summary>A batch that nobody waits for any more: its keys are freed.</summary>
    public static void GiveBack(DrainSetup setup, BatchRead read, IActorRef self)
    {
        if (read.Batch is { } batch)
        {
            setup.Journal.Tell(new ReleaseBatch(read.Lane, read.Pass, batch, self));
        }
    }

    public void Given(TurnGiven given)
    {
        if (_turn.Given(given) && _current is { Plan.Untouched: true } current && current.Batch.Clock < _turn.HighestSent)
        {
            // The other lane sent newer stamps since this was read: with its clock the hub would take us for a restored journal.
            Reopen();
        }

        Advance();
    }

    public void Take(AuthProtocol.CurrentCredential credential)
    {
        if (!_askedCredential)
        {
            return;
        }

        _askedCredential = false;
        if (_ending is not null || _orders.Gate is not Gate.Open open || _current?.Plan.Next() is not { } rows || !_turn.Held)
        {
            Advance();
        }
        else if (credential.Generation.CompareTo(_orders.Generation) < 0)
        {
            Advance();
        }
        else if (credential is { Token: { } token, Binding: { } binding } && binding.Hub == open.Hub)
        {
            Send(_current, rows, open.Hub, token, credential.Generation);
        }
        else
        {
            Finish(new PassEnd.Skipped(new Gate.Closed(GateReason.NoCredential, credential.Problem ?? "no credential for this hub")));
            Advance();
        }
    }

    /// <summary>An answer that did not come is asked for again; the auth actor may have crashed over the question.</summary>
    public void AskCredentialAgain()
    {
        if (_askedCredential)
        {
            setup.Profile.Tell(new AuthProtocol.GetCredential(self));
        }
    }

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

        Advance();
    }

    public void Settled(BatchSettled settled)
    {
        if (settled.Pass == _pass)
        {
            Pending = settled.Pending;
            Booked();
        }
    }

    public void Recorded(AttemptRecorded recorded)
    {
        if (recorded.Pass == _pass)
        {
            Booked();
        }
    }

    public void Recovered()
    {
        if (_recovering)
        {
            _recovering = false;
            Reopen();
            Advance();
        }
    }

    /// <summary>The journal cannot go on with this pass, whatever it was asked.</summary>
    public void JournalGone(string reason)
    {
        _ending = _ending is PassEnd.Failed ? _ending : new PassEnd.JournalGone(reason);
        CutOff();
        _turn.Over();
        End = _ending;
    }

    /// <summary>Ends what is on its way. Its bytes may still be read by the request, so its batch is not given back.</summary>
    public void CutOff()
    {
        if (_flight is { } flight)
        {
            _flight = null;
            flight.Cancel();
            _current = null;
        }
    }

    private void Advance()
    {
        if (End is not null || _flight is not null || _recovering)
        {
            return;
        }

        if (_unbooked > 0 && (_ending is not null || _reopen || _unbooked >= MaxUnbooked))
        {
            return;
        }

        if (_ending is not null)
        {
            Close();
        }
        else if (_reopen)
        {
            _reopen = false;
            _pass = -1;
            setup.Journal.Tell(new OpenPass(setup.Lane, self));
        }
        else if (_pass >= 0)
        {
            SendNext();
        }
    }

    private void SendNext()
    {
        while (_current is { } done && done.Plan.Next() is null)
        {
            (_current, _next) = (_next, null);
            _turn.Over();
            Release(done);
            if (_current is not null)
            {
                HoldKnownKeys(_current);
            }
        }

        if (_current is null)
        {
            ReadAhead();
        }
        else if (!_turn.Held)
        {
            _turn.Ask();
        }
        else if (!_askedCredential)
        {
            _askedCredential = true;
            setup.Profile.Tell(new AuthProtocol.GetCredential(self));
        }
    }

    private void Send(Loaded current, int[] rows, Uri hub, AccessToken token, CredentialGeneration generation)
    {
        var whole = rows.Length == current.Batch.Count;
        var plain = whole ? current.Batch.Body : current.Batch.BodyOf(rows);
        var body = whole && current.Pressed.Gzip == _gzip ? current.Pressed : press.Press(plain, _gzip);
        var flight = new Flight(rows, hub, generation, body, plain.Length);
        _flight = flight;
        _turn.Sent(current.Batch.MaxLamport);
        _ = setup
            .Hub.SendAsync(HubCalls.Push(hub, token, body.Body, body.Gzip), flight.Token)
            .PipeTo(self, success: reply => new HubAnswered(flight, reply), failure: error => new HubThrew(flight, error));
        if (current.Plan.Untouched && _next is null)
        {
            ReadAhead();
        }
    }

    private void Named(Loaded current, int[] rows, PushResult result)
    {
        current.Plan.Done();
        foreach (var rejected in result.Rejected)
        {
            Hold(current, rejected.Index);
        }

        Tally = Tally.With(result);
        Settle(current.Batch, result);
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
        setup.Journal.Tell(new RecoverFromRegression(regression.StoredMax, self));
    }

    private void Suspected(Loaded current, int row, string code, string message)
    {
        current.Plan.Done();
        Hold(current, row);
        setup.Journal.Tell(new HoldKey(setup.Lane, _pass, current.Batch, row, self));
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

    private void Convict(Loaded current, Suspect suspect)
    {
        current.Plan.Done();
        Hold(current, suspect.Row);
        Tally = Tally with { Dead = Tally.Dead + 1, Rejected = Tally.Rejected + 1 };
        Settle(suspect.Batch, suspect.Conviction);
        if (Tally.Over(setup.Settings.DeadLettersPerPass))
        {
            Finish(new PassEnd.Failed(LaneErrors.TooManyDead(Tally.Dead), Offline: false, null));
        }
    }

    private void ConvictSuspects()
    {
        foreach (var suspect in Tally.Suspects)
        {
            Settle(suspect.Batch, suspect.Conviction);
        }

        Tally = Tally.Convicted();
    }

    private PassEnd.Failed Unconvicted() => new(LaneErrors.AllRefused(Tally.Suspects[0]), Offline: false, null);

    private void Fail(PushBatch batch, ReadOnlySpan<int> rows, LaneError error, bool offline = false, TimeSpan? retryAfter = null)
    {
        // An attempt is recorded by runs of neighbours; a slice of a refused batch may have gaps.
        for (var i = 0; i < rows.Length; )
        {
            var from = rows[i];
            var count = 1;
            while (i + count < rows.Length && rows[i + count] == from + count)
            {
                count++;
            }

            _unbooked++;
            setup.Journal.Tell(new RecordAttempt(setup.Lane, _pass, batch, from, count, $"{error.Code}: {error.Message}", self));
            i += count;
        }

        Finish(new PassEnd.Failed(error, offline, retryAfter));
    }

    private void Settle(PushBatch batch, PushResult result)
    {
        _unbooked++;
        setup.Journal.Tell(new SettleBatch(setup.Lane, _pass, batch, result, self));
    }

    private void Booked()
    {
        _unbooked = Math.Max(0, _unbooked - 1);
        Advance();
    }

    /// <summary>The first reason stands.</summary>
    private void Finish(PassEnd end) =>
        _ending ??= end is PassEnd.Drained or PassEnd.Superseded && !Tally.Suspects.IsEmpty ? Suspicious() : end;

    private PassEnd.Failed Suspicious()
    {
        var first = Tally.Suspects[0];
        _unbooked++;
        setup.Journal.Tell(new RecordAttempt(setup.Lane, _pass, first.Batch, first.Row, 1, $"{first.Code}: {first.Message}", self));
        return Unconvicted();
    }

    private void Close()
    {
        Drop(ref _current);
        Drop(ref _next);
        _kept.ForEach(batch => setup.Journal.Tell(new ReleaseBatch(setup.Lane, _pass, batch, self)));
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

    private void Load(PushBatch batch)
    {
        var loaded = new Loaded(batch, new BatchPlan(batch), press.Press(batch.Body, _gzip));
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
            Subscribe();
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

    /// <summary>Later rows of this row's key stay, in this batch and in those that were read before it was known.</summary>
    private void Hold(Loaded loaded, int row)
    {
        loaded.Plan.Hold(row);
        _heldKeys.Add(loaded.Batch.Rows[row].Entity);
    }

    private void HoldKnownKeys(Loaded loaded)
    {
        for (var row = 0; _heldKeys.Count > 0 && row < loaded.Batch.Count; row++)
        {
            if (_heldKeys.Contains(loaded.Batch.Rows[row].Entity))
            {
                loaded.Plan.Hold(row);
            }
        }
    }

    private void Drop(ref Loaded? loaded)
    {
        if (loaded is not null)
        {
            Release(loaded);
            loaded = null;
        }
    }

    private void Release(Loaded loaded)
    {
        press.Return(loaded.Pressed);
        if (Tally.Suspects.Exists(suspect => ReferenceEquals(suspect.Batch, loaded.Batch)))
        {
            _kept.Add(loaded.Batch);
        }
        else
        {
            setup.Journal.Tell(new ReleaseBatch(setup.Lane, _pass, loaded.Batch, self));
        }
    }

    private void ReadAhead()
    {
        if (!_reading)
        {
            _reading = true;
            setup.Journal.Tell(new ReadBatch(setup.Lane, _pass, setup.Settings.MaxOperations, limits.MaxBytes, self));
        }
    }

    private void Subscribe()
    {
        if (_orders.Notify)
        {
            setup.Journal.Tell(new Subscribe(self));
        }
    }

    private static int[] UnnamedOf(int[] rows, PushResult result)
    {
        var named = result.Accepted.Select(row => row.Index).Concat(result.Rejected.Select(row => row.Index)).ToHashSet();
        return Array.FindAll(rows, row => !named.Contains(row));
    }

    private sealed record Loaded(PushBatch Batch, BatchPlan Plan, PressedBody Pressed);
}
