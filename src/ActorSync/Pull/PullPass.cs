using ActorSync.Auth;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Journal.InboundProtocol;
using static ActorSync.Pull.PullProtocol;

namespace ActorSync.Pull;

/// <summary>One pass: part of the puller's state while it pulls, called on its thread.</summary>
/// <remarks>
/// What comes next is <see cref="PullCourseState"/>. Each step is: the turn, where its answer moves the hub's pair ─► where the journal stands ─► the
/// credential of now ─► one request ─► the journal takes what came. One thing is under way at most.
/// </remarks>
internal sealed partial class PullPass(
    PullSetup setup,
    IActorRef self,
    IActorRef sync,
    Orders orders,
    long number,
    PullMemory memory,
    bool reconcile,
    long? announced
)
{
    private PullCourseState _course = new() { Compares = reconcile };
    private Orders _orders = orders;
    private long? _announced = announced;
    private PullFlight? _flight;
    private PushBatch? _relaying;
    private PassEnd? _ending;
    private Action<PullPlace>? _then;
    private string? _binding;
    private readonly PullTurn _turn = new(self, sync, memory);
    private bool _fresh;
    private bool _awaitsJournal;
    private bool _askedCredential;
    private bool _took;

    public PullTotals Totals { get; private set; } = PullTotals.None;

    /// <summary>Whether the replicas were equal at the end, when it was asked.</summary>
    public bool? Equal { get; private set; }

    /// <summary>Set when the pass is over and nothing of it is open any more.</summary>
    public PassEnd? End { get; private set; }

    public bool Merging => _course.Place is { NeedsSnapshot: true };

    /// <summary>The hub's history is ours.</summary>
    public bool IsMerged => _course.Place is { NeedsSnapshot: false };

    /// <summary>Whether the hub gave something usable since this was last asked.</summary>
    public bool TakeTook() => _took && !(_took = false);

    public void Start() => Advance();

    /// <summary>There is something new: looks once more before ending.</summary>
    public void Again()
    {
        _announced = null;
        _course = _course with { CaughtUp = false };
    }

    public void Obey(Orders orders)
    {
        if (!orders.Continues(_orders))
        {
            Finish(orders.Gate is Gate.Closed closed ? new PassEnd.Skipped(closed) : new PassEnd.Superseded());
        }

        _orders = orders;
        Advance();
    }

    public void Given(TurnGiven given)
    {
        if (_turn.Given(given))
        {
            Advance();
        }
    }

    public void Take(AuthProtocol.CurrentCredential credential)
    {
        if (!_askedCredential)
        {
            return;
        }

        _askedCredential = false;
        if (_ending is not null || _orders.Gate is not Gate.Open open || credential.Generation.CompareTo(_orders.Generation) < 0)
        {
            Advance();
        }
        else if (credential is not { Token: { } token, Binding: { } binding } || !open.Admits(binding))
        {
            Finish(new PassEnd.Skipped(Gate.NoCredentialFor(credential)));
            Advance();
        }
        else if (binding.Account is not { } account)
        {
            Fail(PullErrors.NoAccount);
            Advance();
        }
        else
        {
            Go(open.Hub, token, credential.Generation, $"{open.Hub.AbsoluteUri}|{account}");
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

    public void Stands(PullStands stands)
    {
        if (stands.Pass != number || !_awaitsJournal)
        {
            return;
        }

        _awaitsJournal = false;
        Totals = Totals with { Applied = Totals.Applied + stands.Applied, Quarantined = Totals.Quarantined + stands.Quarantined };
        var then = _then;
        _then = null;
        if (then is null)
        {
            // Asked with the turn, so that what we pushed is booked: when the log has nothing else, there is nothing to fetch.
            _fresh = _turn.Held;
            var isHere = _fresh && _announced is { } id && stands.Place.Position >= id;
            _course = _course with { Place = stands.Place, CaughtUp = _course.CaughtUp || isHere };
        }
        else
        {
            then(stands.Place);
        }

        Advance();
    }

    public void Read(RelayRead read)
    {
        if (read.Pass == number && _awaitsJournal)
        {
            _awaitsJournal = false;
            _relaying = read.Batch;
            if (read.Batch is null)
            {
                _course = _course with { Place = _course.Place! with { HasRelay = false } };
            }

            Advance();
        }
    }

    /// <summary>The journal cannot go on with this pass, whatever it was asked.</summary>
    public void JournalGone(string reason)
    {
        _ending = _ending is PassEnd.Failed ? _ending : new PassEnd.JournalGone(reason);
        CutOff();
        GiveTurnBack();
        End = _ending;
    }

    /// <summary>Ends what is on its way.</summary>
    public void CutOff()
    {
        _flight?.Cancel();
        _flight = null;
        CloseDownload();
    }

    private void Advance()
    {
        if (End is not null || _flight is not null || _awaitsJournal || _askedCredential)
        {
            return;
        }

        if (_ending is not null)
        {
            CutOff();
            GiveTurnBack();
            End = _ending;
            return;
        }

        switch (_course.Next())
        {
            case PullStep.Done:
                Finish(new PassEnd.Drained());
                Advance();
                break;
            case PullStep.Snapshot when !_begun:
                GiveTurnBack();
                sync.Tell(new HistoryDoubted(IsFirst: _course.Place is { Position: 0 }), self);
                Ask(new BeginSnapshot(number, _binding!, self), _ => _begun = true);
                break;
            case PullStep.Page or PullStep.Relay or PullStep.Compare when !_turn.Held:
                _turn.Ask();
                break;
            case PullStep.Page or PullStep.Relay or PullStep.Compare when !_fresh:
                Ask(new OpenPull(number, _binding!, OfferAgain: false, self), null);
                break;
            case PullStep.Relay when _relaying is null:
                _awaitsJournal = true;
                setup.Journal.Tell(new ReadRelay(number, _binding!, setup.Settings.MaxOperations, _relayBytes, self));
                break;
            default:
                _askedCredential = true;
                setup.Profile.Tell(new AuthProtocol.GetCredential(self));
                break;
        }
    }

    private void Go(Uri hub, AccessToken token, CredentialGeneration generation, string binding)
    {
        if (_binding is not null && _binding != binding)
        {
            Finish(new PassEnd.Superseded());
            Advance();
            return;
        }

        _binding = binding;
        var step = _course.Next();
        var place = _course.Place;
        switch (step)
        {
            case PullStep.Open:
                Ask(new OpenPull(number, binding, OfferAgain: !memory.Offered, self), null);
                memory.Offered = true;
                _course = _course with { Acked = memory.Acked.Binding == binding ? memory.Acked.Position : -1 };
                break;
            case PullStep.Page:
                var (id, head) = place!.KnownId > place.Position ? (place.KnownId, place.KnownHead) : (place.Position, place.Head);
                Send(
                    HubCalls.OpsPage(hub, token, place.Position, head, setup.Settings.MaxOperations, id),
                    new PullFlight(step, generation) { Position = place.Position }
                );
                break;
            case PullStep.Relay:
                Send(HubCalls.Push(hub, token, _relaying!.Body, gzip: false), new PullFlight(step, generation) { Batch = _relaying });
                break;
            case PullStep.Compare:
                Send(HubCalls.Digest(hub, token), new PullFlight(step, generation));
                break;
            case PullStep.Ack:
                Send(
                    HubCalls.Ack(hub, token, place!.Device, place.Position),
                    new PullFlight(step, generation) { Position = place.Position }
                );
                break;
            case PullStep.Snapshot:
                Open(HubCalls.Snapshot(hub, token), new PullFlight(step, generation));
                break;
            default:
                Advance();
                break;
        }
    }

    private void Send(HubCall call, PullFlight flight)
    {
        _flight = flight;
        _ = setup
            .Hub.SendAsync(call, flight.Token)
            .PipeTo(self, success: reply => new PullAnswered(flight, reply), failure: error => new PullThrew(flight, error));
    }

    private void Ask(JournalProtocol.IJournalCommand command, Action<PullPlace>? then)
    {
        (_awaitsJournal, _then) = (true, then);
        setup.Journal.Tell(command);
    }

    // What the answer moved is booked: the next one may go out with the pair of now.
    private void GiveTurnBack()
    {
        _turn.Over();
        (_fresh, _relaying) = (false, null);
    }

    private void Fail(DrainProtocol.LaneError error, bool offline = false, TimeSpan? retryAfter = null) =>
        Finish(new PassEnd.Failed(error, offline, retryAfter));

    /// <summary>The first reason stands.</summary>
    private void Finish(PassEnd end) => _ending ??= end;
}
