using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Restart;
using ActorSync.Wire;
using Akka.Actor;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

// How a credential ends: by the person (sign-out, unpair) or by the hub (a loss, which sync alone may declare).
internal sealed partial class AuthActor
{
    private const string DebtTimer = "debt";
    private static readonly BackoffLaw DebtLaw = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    private void Leave(IAuthCommand command, AuthState.Command how)
    {
        var decision = _state.Decide(how);
        if (Commit(decision) is { } failure)
        {
            _open.Answer(command, OpenCommands.Refusal(command, failure));
            return;
        }

        CancelRenewal();
        EndSignIn(RefusalCodes.Superseded(command is Unpair ? "an unpairing" : "a sign-out"));
        if (!decision.Events.IsEmpty)
        {
            _log.Info("{How}, generation {Generation}", command is Unpair ? "Unpaired" : "Signed out", _state.Stored.Generation);
            Changed();
        }

        _open.Answer(command, new SignedOut(_state.Stored.Generation));
        PayDebt();
    }

    // A sign-out of what cannot be read. Its generation may be unknown; the time in seconds is beyond any that was counted.
    private void Replace(IAuthCommand command)
    {
        var known = _problem!.KnownGeneration > 0 ? _problem.KnownGeneration : Now.ToUnixTimeSeconds();
        var tombstone = new StoredCredential { Generation = new CredentialGeneration(Math.Max(known, _state.Stored.Generation.Value) + 1) };
        try
        {
            _setup.Store.Save(tombstone);
        }
        catch (CredentialUnavailableException failure)
        {
            _open.Answer(command, OpenCommands.Refusal(command, failure));
            return;
        }

        _log.Warning("Signed out of a credential that could not be read, generation {Generation}", tombstone.Generation);
        Loaded(tombstone);
        _open.Answer(command, new SignedOut(tombstone.Generation));
    }

    private void Judge(ILossCommand command)
    {
        if (!ReferenceEquals(command.Authority, _setup.Authority))
        {
            _log.Warning("{Command} without the right to it was refused; it came from {Sender}", command.GetType().Name, Sender.Path);
            command.ReplyTo.Tell(new LossRefused("no_authority", "only the owner of syncing may say what is lost"));
            return;
        }

        switch (command)
        {
            case GetLostCredential:
                command.ReplyTo.Tell(_state.LostCredential);
                break;
            case DeclareLost lost:
                Settle(lost, _state.Decide(new AuthState.Command.DeclareLost(lost.Generation, lost.Code, lost.Text, Now)));
                break;
            case EndLoss ended:
                Settle(ended, _state.Decide(new AuthState.Command.EndLoss(ended.Generation)));
                break;
        }
    }

    private void Settle(ILossCommand command, AuthState.Decision decision)
    {
        if (decision.Events.IsEmpty)
        {
            command.ReplyTo.Tell(new LossRefused("stale_generation", "another credential is stored"));
            return;
        }

        if (Commit(decision) is { } failure)
        {
            command.ReplyTo.Tell(OpenCommands.Refusal(command, failure));
            return;
        }

        CancelRenewal();
        Changed();
    }

    /// <summary>Asks the hub to forget this device, with the token that was kept for that alone, until it has or the token is no good any more.</summary>
    private void PayDebt()
    {
        // Behind a sign-in that is on its way it would end the device that was just paired.
        if (_state.Stored.Debt is not { } debt || _revocation is not null || _signIn is not null)
        {
            return;
        }

        if (debt.ExpiresAt <= Now)
        {
            Forgive("the token for it has expired");
            return;
        }

        _revocation = Send(HubCalls.RevokeSelf(debt.Hub, debt.Token), _state.Stored.Generation);
    }

    private void Revoked(HubReply reply)
    {
        _revocation = null;
        switch (HubAnswers.RevokeSelf(reply))
        {
            case var _ when _state.Stored.Debt is null: // a pairing has taken its place
                break;
            case HubResult<Nothing>.Value:
                Forgive("done");
                break;
            case HubResult<Nothing>.Refused { Class: ErrorClass.AuthInvalid } refused:
                Forgive(refused.Code);
                break;
            case var later:
                var failure = (later as HubResult<Nothing>.Failed)?.Failure;
                (_debtBackoff, var wait) = _debtBackoff.Fail(_setup.Platform.Chance.NextDouble(), failure?.RetryAfter);
                _log.Debug(
                    "The hub could not be told that this device has left ({Code}), next in {Delay}",
                    failure?.Code ?? "refused",
                    wait
                );
                Timers.StartSingleTimer(DebtTimer, PayNow.Instance, wait);
                break;
        }

        BeginHeld();
    }

    private void Forgive(string why)
    {
        if (Commit(_state.Decide(new AuthState.Command.ForgetDebt())) is null)
        {
            _debtBackoff = _debtBackoff.Reset();
            _log.Info("The hub knows that this device has left, or cannot be told any more ({Why})", why);
            return;
        }

        (_debtBackoff, var wait) = _debtBackoff.Fail(_setup.Platform.Chance.NextDouble());
        Timers.StartSingleTimer(DebtTimer, PayNow.Instance, wait);
    }

    /// <summary>A device is revoked whole: what leaves now must not arrive behind a new pairing, so that waits for the answer.</summary>
    private bool MustWait(ISignInCommand command, Uri hub)
    {
        if (_revocation is null || _state.Stored.Debt?.Hub != hub)
        {
            return false;
        }

        _held = _held.Add(command);
        return true;
    }

    private void BeginHeld()
    {
        var held = _held;
        _held = [];
        foreach (var command in held)
        {
            Begin(command);
        }
    }

    private sealed record PayNow
    {
        public static readonly PayNow Instance = new();
    }
}
