using ActorSync.Auth;
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
internal sealed partial class LanePass(DrainSetup setup, IActorRef self, IActorRef sync, Orders orders, BodyPress press, LaneLimits limits)
{
    // The answers of the batch before last must be booked before the next one goes out.
    private const int MaxUnbooked = 2;

    private readonly PassLedger _ledger = new(setup, self);
    private readonly Turn _turn = new(setup.Lane, self, sync, limits);
    private readonly List<PushBatch> _kept = [];
    private Orders _orders = orders;
    private bool _gzip = orders.Gzip;
    private LoadedBatch? _current;
    private LoadedBatch? _next;
    private Flight? _flight;
    private PassEnd? _ending;
    private bool _reading;
    private bool _again;
    private bool _reopen;
    private bool _recovering;
    private bool _askedCredential;
    private bool _took;
    private bool _unproven;
    private int _deadSeen;
    private long _knownId;

    public PassTally Tally { get; private set; } = new();

    public long Pending { get; private set; }

    /// <summary>Set when the pass is over and nothing of it is open any more.</summary>
    public PassEnd? End { get; private set; }

    public PushBatch? InFlight => _flight is null ? null : _current?.Batch;

    /// <summary>Whether the hub took a request since this was last asked.</summary>
    public bool TakeTook() => _took && !(_took = false);

    public void Start() => _ledger.Open();

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

    public void Opened(PassOpened opened)
    {
        if (_ledger.Opened(opened))
        {
            (_reading, Pending) = (false, opened.Pending);
            Advance();
        }
    }

    public void Read(BatchRead read)
    {
        if (read.Pass != _ledger.Pass || _reopen)
        {
            PassLedger.GiveBack(setup, read, self);
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
        else if (credential is { Token: { } token, Binding: { } binding } && open.Admits(binding))
        {
            Send(_current, rows, open.Hub, token, credential.Generation);
        }
        else
        {
            Finish(new PassEnd.Skipped(Gate.NoCredentialFor(credential)));
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

    public void Settled(BatchSettled settled)
    {
        if (_ledger.Booked(settled.Pass))
        {
            Pending = settled.Pending;
            _unproven |= settled.IsUnproven;
            ReopenUnproven();

            Advance();
        }
    }

    public void Recorded(AttemptRecorded recorded)
    {
        if (_ledger.Booked(recorded.Pass))
        {
            Advance();
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

    /// <summary>The connection under the request is gone: cut it off and send its rows again, by their ids.</summary>
    public void Replay()
    {
        if (_flight is not null)
        {
            CutOff();
            Finish(new PassEnd.Superseded());
            Advance();
        }
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

        if (_ledger.Unbooked > 0 && (_ending is not null || _reopen || _ledger.Unbooked >= MaxUnbooked))
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
            _ledger.Open();
        }
        else if (_ledger.Pass >= 0)
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
                _ledger.HoldKnownKeys(_current);
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

    private void Send(LoadedBatch current, int[] rows, Uri hub, AccessToken token, CredentialGeneration generation)
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

    /// <summary>The first reason stands.</summary>
    private void Finish(PassEnd end) =>
        _ending ??= end is PassEnd.Drained or PassEnd.Superseded && !Tally.Suspects.IsEmpty ? Suspicious() : end;

    private PassEnd.Failed Suspicious()
    {
        var first = Tally.Suspects[0];
        var unconvicted = Unconvicted();
        _ledger.Record(first.Batch, [first.Row], unconvicted.Error with { Code = first.Code, Message = first.Message });
        return unconvicted;
    }
}
