using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Events;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Event;

namespace ActorSync.Hangar;

/// <summary>One run from its snapshot to its end: sent and judged, left out, or failed.</summary>
internal sealed partial class HangarActor
{
    private void Send(AuthProtocol.CurrentCredential credential)
    {
        if (_sync!.Gate is not Gate.Open open)
        {
            return; // the report that closed it has ended this run
        }

        if (credential is not { Token: { } token, Binding: { } binding } || binding.Hub != open.Hub)
        {
            Skip(HangarSkip.NotSignedIn, credential.Problem ?? "not signed in at this hub");
            return;
        }

        var snapshot = _snapshot!;
        var digest = HangarMemory.DigestOf(snapshot.Digest, binding.Hub, binding.Account, _setup.Device);
        if (_state.SkipFor(snapshot, digest) is { } skip)
        {
            Skip(skip, TextOf(skip, snapshot));
            return;
        }

        var flight = new Flight(credential, digest);
        _flight = flight;
        _ = _setup
            .Hub.SendAsync(HubCalls.Hangar(binding.Hub, token, snapshot.Body), flight.Token)
            .PipeTo(Self, success: reply => new Answered(flight, reply), failure: error => new Threw(flight, error));
    }

    private void Judge(Answered answered)
    {
        switch (HubAnswers.Hangar(answered.Reply))
        {
            case HubResult<Nothing>.Value:
                Pushed(answered.Flight);
                break;
            case HubResult<Nothing>.Refused { Class: ErrorClass.AuthInvalid or ErrorClass.AuthForbidden } refused:
                Refused(answered.Flight, refused.Code, refused.Message);
                break;
            case HubResult<Nothing>.Refused refused:
                Fail(refused.Code, $"the hub refused the snapshot: {refused.Message}", null);
                break;
            case HubResult<Nothing>.Failed(var failure):
                Fail(failure.Code, failure.Message, failure.RetryAfter);
                break;
        }
    }

    private void Pushed(Flight flight)
    {
        var (items, bytes) = (_snapshot!.Items, _snapshot.Body.Length);
        _state = _state.Pushed(flight.Digest, Now);
        Save();
        _log.Info("Hangar has pushed {Items} items, {Bytes} bytes", items, bytes);
        End(new HangarOutcome(HangarOutcome.Pushed, null, null, items, bytes, _state.NextAt?.Wall));
    }

    /// <summary>Our own end, and sync's question: nobody else hears of it.</summary>
    private void Refused(Flight flight, string code, string said)
    {
        var text = $"the hub refused the hangar ({code}): {RemoteText.Clean(said)}";
        _state = _state.Refused(text, Now);
        _snapshot = null;
        _activity = HangarActivity.Stopped;
        Report();
        Context.Parent.Tell(new SyncProtocol.CredentialDoubted(flight.Generation, code));
        Publish(code, text);
        _askers.AnswerAll(Failure(code, text));
        throw new HangarRefusedException(code, text);
    }

    private void Fail(string code, string text, TimeSpan? retryAfter)
    {
        var before = _state.Error;
        _state = _state.Failed(text, Now, Chance, retryAfter);
        Say(before, code, text);
        End(Failure(code, text));
    }

    private void CaptureFailed(Exception failure)
    {
        var (code, text) = failure is SyncException known
            ? (known.Code, $"{known.Message}; {known.Remedy}")
            : ("source_failed", $"the source failed: {failure.GetType().Name}: {RemoteText.Clean(failure.Message)}");
        Fail(code, text, null);
    }

    private void Skip(string skip, string text)
    {
        var before = _state.Error;
        _state = _state.Skipped(skip, text, Now, Chance);
        if (skip == HangarSkip.Partial)
        {
            Say(before, skip, text);
        }
        else
        {
            _log.Debug("Hangar pushes nothing ({Reason}): {Text}", skip, text);
        }

        End(new HangarOutcome(HangarOutcome.Skipped, skip, text, _snapshot?.Items ?? 0, 0, _state.NextAt?.Wall));
    }

    /// <summary>Sync does not send any more: neither do we.</summary>
    private void GiveUpIfClosed()
    {
        if (_sync!.Gate is Gate.Closed closed)
        {
            CutOff();
            Skip(HangarSkip.Of(closed.Reason), closed.Text);
        }
        else if (_flight is Flight flight && !flight.GoesTo(_sync.Binding))
        {
            CutOff();
            AskCredential();
        }
    }

    private void End(HangarOutcome outcome)
    {
        _snapshot = null;
        _askers.Answer(outcome);
        Rest();
    }

    private void Rest()
    {
        Timers.Cancel(PatienceTimer);
        Timers.Cancel(WakeTimer);
        Become(Resting);
        _activity = HangarActivity.Resting;
        Report();
        Look();
    }

    // A failure that goes on is said once; the status shows it all the time.
    private void Say(string? before, string code, string text)
    {
        var level = before == text ? LogLevel.DebugLevel : LogLevel.WarningLevel;
        if (level == LogLevel.WarningLevel)
        {
            Publish(code, text);
        }

        _log.Log(level, "Hangar did not push ({Code}): {Text}; next try at {Next}", code, text, _state.NextAt!.Value.Wall);
    }

    private void Publish(string code, string text) =>
        Context.Parent.Tell(
            new HangarFailed(_setup.Profile, Now.Wall, code, text, "see 'actorsync hangar status'; it is tried again by itself")
        );

    private void CutOff()
    {
        _flight?.Cancel();
        _flight = null;
    }

    private void EndFlight()
    {
        _flight?.Dispose();
        _flight = null;
        Timers.Cancel(WakeTimer);
    }

    private static string TextOf(string skip, HangarSnapshot snapshot) =>
        skip switch
        {
            HangarSkip.Partial => snapshot.Problem ?? "the source did not say that its capture is complete",
            HangarSkip.Empty => "the collection is empty; what the hub has is kept",
            _ => "the hub has this snapshot",
        };

    private HangarOutcome Skipping(string skip, string text) => new(HangarOutcome.Skipped, skip, text, 0, 0, _state.NextAt?.Wall);

    private HangarOutcome Failure(string code, string text) => new(HangarOutcome.Failed, code, text, 0, 0, _state.NextAt?.Wall);

    /// <param name="digest">What is kept when the hub takes it.</param>
    private sealed class Flight(AuthProtocol.CurrentCredential credential, string digest) : Errand
    {
        private readonly (Uri Hub, string? Account) _to = (credential.Binding!.Hub, credential.Binding.Account);

        public CredentialGeneration Generation { get; } = credential.Generation;

        public string Digest => digest;

        public bool GoesTo(AuthProtocol.Binding? binding) => binding is not null && _to == (binding.Hub, binding.Account);
    }

    private sealed record Answered(Flight Flight, HubReply Reply);

    private sealed record Threw(Flight Flight, Exception Error);
}
