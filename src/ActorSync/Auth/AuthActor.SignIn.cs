using ActorSync.Wire;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

// The ways in and out. One sign-in is in flight at most; a later one takes its place.
internal sealed partial class AuthActor
{
    private void Begin(ISignInCommand command)
    {
        if (!HubUrl.TryParse(command.Hub.OriginalString, _setup.PlainHttpHosts, out var hub, out var problem))
        {
            _open.Answer(command, RefusalCodes.InvalidHub(problem));
            return;
        }

        if (MustWait(command, hub))
        {
            return;
        }

        var start = command switch
        {
            Pair pair => SignIn.Begin(pair, hub, _state.Stored.Pairing, _setup.Device, DeviceName(pair), _setup.Platform.Chance),
            UseToken token => SignIn.Begin(token, hub, _setup.Device, Now),
            UseCode use => new SignIn.Start(new SignIn.Exchange(hub, use.Code, use.Verifier, use.Redirect, _setup.Device), null),
            _ => throw new InvalidOperationException($"{command.GetType().Name} is no way in"),
        };
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

            PayDebt();
        }
    }

    private string DeviceName(Pair pair) =>
        new[] { pair.DeviceName, _setup.Settings.DeviceName }.FirstOrDefault(name => !string.IsNullOrWhiteSpace(name))?.Trim()
        ?? Environment.MachineName;
}
