using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Wire;

namespace ActorSync.Sync;

// From one Episode to the next.
internal sealed partial record SyncState
{
    private const int MaxRenewals = 2;

    /// <summary>A request with this generation was refused with one of the protocol's codes.</summary>
    /// <param name="chance">Uniform in [0, 1).</param>
    /// <param name="asked">It was <c>auth/me</c> that was refused.</param>
    public SyncState Refused(
        CredentialGeneration generation,
        int status,
        string code,
        string said,
        Moment now,
        double chance,
        bool asked = false
    )
    {
        if (generation != Generation || generation.CompareTo(Replacement) < 0 || Lost is not null)
        {
            return this;
        }

        return Episode switch
        {
            // Only what auth/me says confirms a loss; a lane whose answer was still on its way says nothing new, and does not look at clocks.
            Episode.Asking when !asked && HubCodes.IsInvalidCredential(status, code) => this,
            Episode.Asking asking when HubCodes.IsInvalidCredential(status, code) => this with
            {
                Episode = new Episode.Declaring(
                    generation,
                    code,
                    asking.Tries,
                    code == asking.Code ? asking.Text : PauseTexts.For(code, said)
                ),
            },
            Episode.None or Episode.Trial or Episode.Paused when HubCodes.IsInvalidCredential(status, code) && Renewals < MaxRenewals =>
                this with
                {
                    Episode = new Episode.Confirming(generation, code, Tries: 0, asked),
                },
            Episode.None or Episode.Trial or Episode.Paused when HubCodes.IsInvalidCredential(status, code) => this with
            {
                Renewals = Renewals + 1,
                Episode = new Episode.Waiting(
                    generation,
                    code,
                    Renewals,
                    $"the hub refuses each renewed token ({code})",
                    now + new Backoff(Law, Renewals).Fail(chance).Wait
                ),
            },
            Episode.None or Episode.Asking => this with { Episode = Paused(generation, code, said, now, now, 0, chance) },
            Episode.Trial trial => this with
            {
                Episode = Paused(generation, code, said, trial.Before.Since, now, trial.Before.Failures + 1, chance),
            },
            Episode.Paused paused => this with { Episode = Paused(generation, code, said, paused.Since, now, paused.Failures + 1, chance) },
            _ => this,
        };
    }

    public SyncState Judged(AuthProtocol.Verdict verdict, Moment now, double chance)
    {
        if (Episode is not Episode.Confirming confirming)
        {
            return this;
        }

        return verdict switch
        {
            AuthProtocol.Verdict.CannotRenew cannot when cannot.Generation == confirming.Generation => this with
            {
                Episode = confirming.Asked
                    ? new Episode.Declaring(confirming.Generation, cannot.Code, confirming.Tries, cannot.Message)
                    : new Episode.Asking(confirming.Generation, cannot.Code, confirming.Tries, cannot.Message),
            },
            AuthProtocol.Verdict.NotNow notNow => this with
            {
                Episode = new Episode.Waiting(
                    confirming.Generation,
                    confirming.Code,
                    confirming.Tries + 1,
                    $"the credential could not be renewed: {notNow.Failure.Message}",
                    now + new Backoff(Law, confirming.Tries).Fail(chance, notNow.Failure.RetryAfter).Wait
                ),
            },
            AuthProtocol.Verdict.TryAgain again => this with
            {
                Episode = Episode.None.Instance,
                Renewals = Renewals + 1,
                Replacement = again.Generation,
            },
            _ => this with { Episode = Episode.None.Instance },
        };
    }

    /// <summary>The hub takes the token that another request was refused with: the refusal stands alone, and proves nothing.</summary>
    public SyncState Reassured(Moment now, double chance) =>
        Episode is not Episode.Asking asking ? this
        : Renewals < MaxRenewals ? this with { Episode = Episode.None.Instance, Renewals = Renewals + 1 }
        : this with
        {
            Renewals = Renewals + 1,
            Episode = LaterAgain(
                asking.Generation,
                asking.Code,
                Renewals,
                $"the hub takes the token and refuses it ({asking.Code})",
                now,
                chance
            ) with
            {
                ThenSend = true,
            },
        };

    /// <summary>There is no proof of a loss, or no way to store it: later again.</summary>
    public SyncState Unproven(string why, Moment now, double chance, TimeSpan? retryAfter = null) =>
        Episode switch
        {
            Episode.Asking(var generation, var code, var tries, _) => this with
            {
                Episode = LaterAgain(generation, code, tries + 1, $"the hub refused the token ({code}): {why}", now, chance, retryAfter),
            },
            Episode.Declaring(var generation, var code, var tries, _) => this with
            {
                Episode = LaterAgain(generation, code, tries + 1, $"the hub refused the token ({code}): {why}", now, chance, retryAfter),
            },
            _ => ProbeFailed(now, chance, retryAfter),
        };

    /// <summary>The wait for another try of renewing is over.</summary>
    public SyncState AskAgain() =>
        Episode is Episode.Waiting { ThenSend: true } ? this with { Episode = Episode.None.Instance }
        : Episode is Episode.Waiting waiting
            ? this with
            {
                Episode = new Episode.Confirming(waiting.Generation, waiting.Code, waiting.Tries),
            }
        : this;

    /// <summary>The hub answered a probe as it should.</summary>
    public SyncState ProbeTaken(Moment now) =>
        Episode is Episode.Paused paused && Lost is null ? this with { Episode = new Episode.Trial(paused, now) } : this;

    /// <summary>A probe came to nothing: later again.</summary>
    public SyncState ProbeFailed(Moment now, double chance, TimeSpan? retryAfter) =>
        Episode is Episode.Paused paused
            ? this with
            {
                Episode = paused with
                {
                    Failures = paused.Failures + 1,
                    RetryAt = now + new Backoff(Law, paused.Failures).Fail(chance, retryAfter).Wait,
                },
            }
            : this;

    /// <summary>A lane got something through.</summary>
    public SyncState Proven() =>
        Episode is Episode.Trial ? this with { Episode = Episode.None.Instance, Renewals = 0 }
        : Renewals > 0 ? this with { Renewals = 0 }
        : this;

    private Episode.Paused Paused(
        CredentialGeneration generation,
        string code,
        string said,
        Moment since,
        Moment now,
        int failures,
        double chance
    ) => new(generation, code, PauseTexts.For(code, said), since, failures, now + new Backoff(Law, failures).Fail(chance).Wait);

    private Episode.Paused OfLoss(AuthProtocol.Loss lost, Moment retryAt, Moment now) =>
        new(Generation, lost.Code, lost.Text, now with { Wall = lost.At }, 0, retryAt);

    private Episode.Waiting LaterAgain(
        CredentialGeneration generation,
        string code,
        int tries,
        string text,
        Moment now,
        double chance,
        TimeSpan? retryAfter = null
    ) => new(generation, code, tries, text, now + new Backoff(Law, tries).Fail(chance, retryAfter).Wait);
}
