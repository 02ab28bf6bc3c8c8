using ActorSync.Diagnostics;
using ActorSync.Model;
using ActorSync.Wire;
using Akka.Event;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Auth;

// Renewal: by the timer, and when a request was refused. One refresh is in flight at most.
internal sealed partial class AuthActor
{
    private void Judge(CredentialRefused refused)
    {
        if (_unsaved is not null)
        {
            KeepUnsaved(); // whatever comes of it answers everybody
            return;
        }

        var decision = _state.Decide(new AuthState.Command.Refuse(refused.Generation, refused.Code, Now));
        if (decision.Verdict is { } verdict)
        {
            _open.Answer(refused, verdict);
        }
        else
        {
            StartIfDecided(decision);
        }
    }

    private void StartIfDecided(AuthState.Decision decision)
    {
        if (decision.Events.IsEmpty)
        {
            return;
        }

        if (Commit(decision) is { } failure)
        {
            // Rotating a token without being able to store the next one would strand us.
            RenewalFailed(RefusalCodes.StoreFailure(failure));
            return;
        }

        Timers.Cancel(RenewTimer);
        var stored = _state.Stored;
        _renewal = Send(HubCalls.Refresh(stored.Hub!, stored.Refresh!.Secret, _setup.Device), stored.Generation);
    }

    private void Renewed(CredentialGeneration generation, HubReply reply)
    {
        switch (HubAnswers.Refresh(reply))
        {
            case HubResult<TokenGrant>.Value { Content: var grant } when WhyNotOurs(grant) is { } why:
                RenewalFailed(why);
                break;
            case HubResult<TokenGrant>.Value { Content: var grant }:
                _unsaved = new AuthState.Command.TakeRenewed(generation, grant, Now);
                KeepUnsaved();
                break;
            case HubResult<TokenGrant>.Refused { Code: HubCodes.InvalidGrant } refused:
                RefreshRefused(generation, refused.Code);
                break;
            // Nothing is lost either way; which of the two it was is what a person needs to know.
            case HubResult<TokenGrant>.Refused
                when AnswerClassifier.Classify((HubReply.Answered)reply) is { Class: ErrorClass.ClockSkew } skew:
                RenewalFailed(skew);
                break;
            case HubResult<TokenGrant>.Refused refused:
                RenewalFailed(RefusalCodes.RenewalFailure(refused.Class, refused.Code, refused.Message));
                break;
            case HubResult<TokenGrant>.Failed failed:
                RenewalFailed(failed.Failure);
                break;
        }
    }

    private void KeepUnsaved()
    {
        var level = _state.Failures > 0 ? LogLevel.InfoLevel : LogLevel.DebugLevel;
        if (Commit(_state.Decide(_unsaved!)) is { } failure)
        {
            RenewalFailed(RefusalCodes.StoreFailure(failure));
            return;
        }

        _unsaved = null;
        _log.Log(level, "Credential renewed, generation {Generation}", _state.Stored.Generation);
        Changed();
    }

    private void RefreshRefused(CredentialGeneration generation, string code)
    {
        var decision = _state.Decide(new AuthState.Command.TakeRefreshRefused(generation, code));
        if (Commit(decision) is not null)
        {
            // Only a note that spares one call after a restart; in memory it holds.
            _state = _state.Evolve(decision.Events);
        }

        _log.Warning("The hub refused to renew the credential ({Code}); the token in hand is used until its end", code);
        Changed();
    }

    private void RenewalFailed(HubFailure failure)
    {
        var level = _state.Failures == 0 ? LogLevel.WarningLevel : LogLevel.DebugLevel;
        var decision = _state.Decide(new AuthState.Command.TakeFailure(_state.Stored.Generation, failure, Now));
        _state = _state.Evolve(decision.Events);
        ScheduleRenewal();
        _log.Log(level, "Credential was not renewed: {Code}, {Problem}, attempt {Attempt}", failure.Code, failure.Message, _state.Failures);
        AnswerRefused(decision.Verdict);
    }

    private HubFailure? WhyNotOurs(TokenGrant grant) =>
        grant.Device != _setup.Device || (_state.Stored.Account is { } account && grant.Account != account)
            ? new HubFailure(
                ErrorClass.Protocol,
                "foreign_grant",
                "the hub renewed with a token of another account or device",
                "report it to whoever runs the hub"
            )
            : null;

    /// <param name="verdict">For all that wait; null to judge each by what is stored now.</param>
    private void AnswerRefused(Verdict? verdict)
    {
        foreach (var refused in _open.OfType<CredentialRefused>())
        {
            var decided = verdict ?? _state.Decide(new AuthState.Command.Refuse(refused.Generation, refused.Code, Now)).Verdict;
            if (decided is not null)
            {
                _open.Answer(refused, decided);
            }
        }
    }

    private void CancelRenewal()
    {
        _renewal?.Cancel();
        (_renewal, _unsaved) = (null, null);
    }

    private void ScheduleRenewal()
    {
        var now = Now;
        var delay =
            _state.Failures > 0 ? Jitter(_state.Failures, TimeSpan.FromMinutes(5)) : _state.RenewIn(now, _setup.Settings.RenewBefore);
        if (delay is not { } soon || !_state.CanRefresh || _state.Renewing is not null)
        {
            Timers.Cancel(RenewTimer);
            return;
        }

        var wait = _state.NotBefore - now ?? TimeSpan.Zero;
        Timers.StartSingleTimer(RenewTimer, RenewNow.Instance, wait > soon ? wait : soon);
    }
}
