using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Wire;
using static ActorSync.Journal.InboundProtocol;
using static ActorSync.Pull.PullProtocol;

namespace ActorSync.Pull;

/// <summary>What each answer does to the pass.</summary>
internal sealed partial class PullPass
{
    /// <summary>The connection under the request is gone: ask again.</summary>
    public void Replay()
    {
        if (_flight is not null)
        {
            CutOff();
            Finish(new PassEnd.Superseded());
            Advance();
        }
    }

    private const int RelayBytes = 1 << 20;
    private const int LeastRelayBytes = 16 << 10;

    private HubDigest? _theirs;
    private int _relayBytes = RelayBytes;

    /// <summary>The hub has something up to this id. What was pushed by ourselves and is acked need not be fetched.</summary>
    public void Announced(long lastId)
    {
        if (_course is not { Place.Position: var position } || position < lastId)
        {
            _announced = _course.CaughtUp || _announced is not null ? Math.Max(lastId, _announced ?? 0) : null;
            _course = _course with { CaughtUp = false };
        }
    }

    public void Answered(PullAnswered answered)
    {
        if (!ReferenceEquals(answered.Flight, _flight))
        {
            return;
        }

        _flight = null;
        answered.Flight.Dispose();
        switch (answered.Flight.Step)
        {
            case PullStep.Page:
                Page(answered.Flight, answered.Reply);
                break;
            case PullStep.Relay:
                Relayed(answered.Flight, answered.Reply);
                break;
            case PullStep.Compare:
                Digested(answered.Flight, answered.Reply);
                break;
            default:
                Acked(answered.Flight, answered.Reply);
                break;
        }

        answered.Reply.Release();
        Advance();
    }

    public void Digested(JournalProtocol.ReplicaDigested ours)
    {
        if (_theirs is not { } theirs)
        {
            return;
        }

        (_theirs, _awaitsJournal) = (null, false);
        (_course, Equal) = _course.Compared(theirs, ours.Digest);
        GiveTurnBack();
        Advance();
    }

    private void Page(PullFlight flight, HubReply reply)
    {
        switch (HubAnswers.OpsPage(reply))
        {
            case HubResult<OpsPage>.Value(var page) when _course.FaultOf(page) is { } fault:
                Fail(fault);
                break;
            case HubResult<OpsPage>.Value(var page):
                _took = true;
                Totals = Totals with { Pages = Totals.Pages + 1 };
                var hasMore = page.HasMore;
                var operations = page.Ops.Select(op => RemoteOps.Read(op)).ToImmutableArray();
                Ask(
                    new ApplyPage(number, _binding!, flight.Position, operations, page.LastId, page.Head, self),
                    place =>
                    {
                        _course = _course.PageTaken(place, hasMore);
                        GiveTurnBack();
                    }
                );
                break;
            case var refused:
                Refused(flight, refused);
                break;
        }
    }

    private void Relayed(PullFlight flight, HubReply reply)
    {
        var batch = flight.Batch!;
        _relaying = null;
        switch (PushOutcomes.Read(reply, batch, 0, batch.Count))
        {
            case PushOutcome.Named(var result) when result.Accepted.Length + result.Rejected.Length > 0:
                _took = true;
                Totals = Totals with { Relayed = Totals.Relayed + result.Accepted.Length };
                Ask(
                    new SettleRelay(number, batch, result, self),
                    place =>
                    {
                        _course = _course with { Place = place };
                        GiveTurnBack();
                    }
                );
                break;
            case PushOutcome.ResyncRequired:
                Resync();
                break;
            case PushOutcome.TooLarge when _relayBytes > LeastRelayBytes:
                _relayBytes /= 2;
                GiveTurnBack();
                break;
            case PushOutcome.AuthRefused refused:
                Doubt(flight, refused.Status, refused.Code, refused.Message);
                break;
            case PushOutcome.Failed(var failure):
                Failed(failure);
                break;
            case PushOutcome.RefusedWhole refused:
                Fail(PullErrors.Relay($"{refused.Code}: {refused.Message}"));
                break;
            case var other:
                Fail(PullErrors.Relay(other.GetType().Name));
                break;
        }
    }

    private void Digested(PullFlight flight, HubReply reply)
    {
        switch (HubAnswers.Digest(reply))
        {
            case HubResult<HubDigest>.Value(var digest):
                (_took, _theirs, _awaitsJournal) = (true, digest, true);
                setup.Journal.Tell(new JournalProtocol.GetDigest(self));
                break;
            case var refused:
                Refused(flight, refused);
                break;
        }
    }

    // It moves what the hub may forget, and nothing else: a hub that does not take it is told again by the next pass.
    private void Acked(PullFlight flight, HubReply reply)
    {
        _course = _course with { Acked = flight.Position };
        memory.Acked = (_binding, flight.Position);
        switch (HubAnswers.Ack(reply))
        {
            case HubResult<Nothing>.Refused refused:
                Refused(flight, refused);
                break;
            case HubResult<Nothing>.Value:
                _took = true;
                break;
        }
    }

    private void Refused<T>(PullFlight flight, HubResult<T> result)
    {
        switch (result)
        {
            case HubResult<T>.Refused { Code: HubCodes.ResyncRequired }:
                Resync();
                break;
            case HubResult<T>.Refused { Class: ErrorClass.AuthInvalid or ErrorClass.AuthForbidden } refused:
                Doubt(flight, refused.Status, refused.Code, refused.Message);
                break;
            case HubResult<T>.Failed(var failure):
                Failed(failure);
                break;
            case HubResult<T>.Refused refused:
                Fail(new DrainProtocol.LaneError(refused.Code, refused.Message, "check the hub's address", NeedsAttention: true));
                break;
        }
    }

    private void Resync()
    {
        (_course, var error) = _course.Resync();
        _begun = false;
        GiveTurnBack();
        if (error is not null)
        {
            Fail(error);
        }
    }

    private void Doubt(PullFlight flight, int status, string code, string message)
    {
        sync.Tell(new CredentialDoubted(flight.Generation, status, code, message), self);
        Finish(new PassEnd.Doubted(code, message));
    }

    private void Failed(HubFailure failure) =>
        Fail(
            new DrainProtocol.LaneError(failure.Code, failure.Message, failure.Remedy, LaneErrors.NeedsAttention(failure.Class)),
            failure.Class == ErrorClass.TransientNetwork,
            failure.RetryAfter
        );
}
