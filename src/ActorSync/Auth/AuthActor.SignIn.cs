using ActorSync.Model;
using ActorSync.Wire;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

// The ways in and out. One sign-in is in flight at most; a later one takes its place.
internal sealed partial class AuthActor
{
    private void Begin(IAuthCommand command, Uri address, Func<Uri, SignIn.Start> begin)
    {
        _open.Add(command);
        var start = HubUrl.TryParse(address.OriginalString, _setup.PlainHttpHosts, out var hub, out var problem)
            ? begin(hub)
            : new SignIn.Start(null, RefusalCodes.InvalidHub(problem));
        if (start.Attempt is not { } attempt)
        {
            _open.Answer(command, start.Refusal!);
        }
        else if (_signIn?.Attempt == attempt)
        {
            _signIn = _signIn with { Commands = _signIn.Commands.Add(command) };
        }
        else
        {
            EndSignIn(RefusalCodes.Superseded("a later sign-in"));
            Begin(command, attempt);
        }
    }

    private void Begin(IAuthCommand command, SignIn attempt)
    {
        // The nonce is on disk before the hub sees it, so that an answer that we lose, by a kill too, can be asked for again.
        if (
            attempt is SignIn.Redeem redeem
            && redeem.Pairing != _state.Stored.Pairing
            && Commit(_state.Decide(new AuthState.Command.BeginPairing(redeem.Pairing))) is { } failure
        )
        {
            _open.Answer(command, RefusalCodes.Unavailable(failure));
            return;
        }

        _signIn = new SignInFlight(attempt, [command], Send(attempt.Call, _state.Stored.Generation));
    }

    private void SignInAnswered(SignInFlight signIn, HubReply reply)
    {
        var outcome = signIn.Attempt.Read(reply, Now);
        if (outcome is SignIn.Outcome.In { Credential: var credential })
        {
            if (Commit(_state.Decide(new AuthState.Command.SignIn(credential))) is { } failure)
            {
                EndSignIn(RefusalCodes.Unavailable(failure));
                return;
            }

            CancelRenewal();
            _log.Info(
                "Signed in to {Hub} as {Account}, generation {Generation}",
                credential.Hub,
                credential.Account,
                _state.Stored.Generation
            );
            Changed();
            EndSignIn(new SignedIn(_state.Stored.Generation, _state.Stored.Binding!));
        }
        else
        {
            EndSignIn(((SignIn.Outcome.Out)outcome).Refusal);
        }
    }

    private void EndSignIn(object answer)
    {
        if (_signIn is { } signIn)
        {
            _signIn = null;
            signIn.Flight.Cancel();
            foreach (var command in signIn.Commands)
            {
                _open.Answer(command, answer);
            }
        }
    }

    private void Leave(SignOut signOut)
    {
        var decision = _state.Decide(new AuthState.Command.SignOut());
        if (Commit(decision) is { } failure)
        {
            _open.Answer(signOut, OpenCommands.Refusal(signOut, failure));
            return;
        }

        CancelRenewal();
        EndSignIn(RefusalCodes.Superseded("a sign-out"));
        if (!decision.Events.IsEmpty)
        {
            _log.Info("Signed out, generation {Generation}", _state.Stored.Generation);
            Changed();
        }

        _open.Answer(signOut, new SignedOut(_state.Stored.Generation));
    }

    // A sign-out of what cannot be read. Its generation may be unknown; the time in seconds is beyond any that was counted.
    private void Replace(SignOut signOut)
    {
        var known = _problem!.KnownGeneration > 0 ? _problem.KnownGeneration : Now.ToUnixTimeSeconds();
        var tombstone = new StoredCredential { Generation = new CredentialGeneration(Math.Max(known, _state.Stored.Generation.Value) + 1) };
        try
        {
            _setup.Store.Save(tombstone);
        }
        catch (CredentialUnavailableException failure)
        {
            _open.Answer(signOut, OpenCommands.Refusal(signOut, failure));
            return;
        }

        _log.Warning("Signed out of a credential that could not be read, generation {Generation}", tombstone.Generation);
        Loaded(tombstone);
        _open.Answer(signOut, new SignedOut(tombstone.Generation));
    }

    private string DeviceName(Pair pair) =>
        new[] { pair.DeviceName, _setup.Settings.DeviceName }.FirstOrDefault(name => !string.IsNullOrWhiteSpace(name))?.Trim()
        ?? Environment.MachineName;
}
