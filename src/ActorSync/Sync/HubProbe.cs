using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Sync;

/// <summary>Asks the hub who we are: the heartbeat of an idle profile, and the probe of a paused one. One at a time.</summary>
internal sealed class HubProbe(IHubPort hub, IActorRef self, IActorRef profile)
{
    private Flight? _flight;
    private Uri? _asked;

    public bool IsAsking => _asked is not null || _flight is not null;

    public void Start(Uri at)
    {
        CutOff();
        _asked = at;
        profile.Tell(new AuthProtocol.GetCredential(self));
    }

    /// <summary>Sends, when the credential is one for that hub. False when there is nothing to send with.</summary>
    public bool Take(AuthProtocol.CurrentCredential credential)
    {
        if (_asked is not { } at)
        {
            return true;
        }

        _asked = null;
        if (credential is not { Token: { } token, Binding: { } binding } || binding.Hub != at)
        {
            return false;
        }

        var flight = new Flight(credential.Generation);
        _flight = flight;
        _ = hub.SendAsync(HubCalls.Me(at, token), flight.Token)
            .PipeTo(self, success: reply => new ProbeAnswered(flight, reply), failure: error => new ProbeThrew(flight, error));
        return true;
    }

    /// <summary>Null when the answer is of an earlier probe.</summary>
    public (CredentialGeneration Generation, HubResult<HubIdentity> Result)? Read(ProbeAnswered answered)
    {
        if (!ReferenceEquals(answered.Flight, _flight))
        {
            return null;
        }

        _flight = null;
        answered.Flight.Dispose();
        return (answered.Flight.Generation, HubAnswers.Me(answered.Reply));
    }

    public void CutOff()
    {
        _asked = null;
        _flight?.Cancel();
        _flight = null;
    }

    internal sealed class Flight(CredentialGeneration generation) : Errand
    {
        public CredentialGeneration Generation => generation;
    }

    internal sealed record ProbeAnswered(Flight Flight, HubReply Reply);

    internal sealed record ProbeThrew(Flight Flight, Exception Error);
}
