using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Sync;
using ActorSync.Wire;
using Akka.Actor;

namespace ActorSync.Status;

/// <summary>Asks the hub for operations that the journal does not hold any more. One request at a time; who asks for the same one shares it.</summary>
internal sealed class HubLookup(IHubPort hub, IActorRef self, IActorRef profile)
{
    private readonly Dictionary<OperationId, List<IActorRef>> _askers = [];
    private readonly Queue<OperationId> _waiting = new();
    private Errand? _flight;
    private OperationId? _current;
    private CredentialGeneration _generation;

    public void Find(OperationId operation, IActorRef asker)
    {
        if (!_askers.TryGetValue(operation, out var askers))
        {
            _askers.Add(operation, askers = []);
            _waiting.Enqueue(operation);
        }

        askers.Add(asker);
        Next();
    }

    public void Take(AuthProtocol.CurrentCredential credential)
    {
        if (_current is not { } operation || _flight is not null)
        {
            return;
        }

        if (credential is not { Token: { } token, Binding: { } binding })
        {
            Answer(null, credential.Problem ?? "not signed in");
            return;
        }

        var flight = new Errand();
        (_flight, _generation) = (flight, credential.Generation);
        _ = hub.SendAsync(HubCalls.OpById(binding.Hub, token, operation), flight.Token)
            .PipeTo(self, success: reply => new Found(flight, reply), failure: error => new Threw(flight, error));
    }

    public void Take(Found found)
    {
        if (ReferenceEquals(found.Flight, _flight))
        {
            found.Flight.Dispose();
            var result = HubAnswers.OpById(found.Reply);
            if (result is HubResult<HubOperation?>.Refused { Class: ErrorClass.AuthInvalid or ErrorClass.AuthForbidden } refused)
            {
                profile.Tell(new SyncProtocol.CredentialDoubted(_generation, refused.Code));
            }

            Answer(result, null);
        }
    }

    /// <summary>Everybody gets an answer, also when their question's time is over.</summary>
    public void CloseAll(string why)
    {
        _flight?.Cancel();
        foreach (var (operation, askers) in _askers)
        {
            askers.ForEach(asker => asker.Tell(Explainer.NotHere(operation, null, why), ActorRefs.NoSender));
        }

        _askers.Clear();
    }

    private void Answer(HubResult<HubOperation?>? result, string? notAsked)
    {
        var operation = _current!.Value;
        (_current, _flight) = (null, null);
        if (_askers.Remove(operation, out var askers))
        {
            askers.ForEach(asker => asker.Tell(Explainer.NotHere(operation, result, notAsked), ActorRefs.NoSender));
        }

        Next();
    }

    private void Next()
    {
        if (_current is null && _waiting.TryDequeue(out var operation))
        {
            _current = operation;
            profile.Tell(new AuthProtocol.GetCredential(self));
        }
    }

    internal sealed record Found(Errand Flight, HubReply Reply);

    internal sealed record Threw(Errand Flight, Exception Error);
}
