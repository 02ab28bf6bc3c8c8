using Akka.Event;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Pull;

/// <summary>What the puller's failures are worth in the log: the first of a kind is told, the others are counted, with a summary each quarter of an hour.</summary>
internal sealed class PullLog(ILoggingAdapter log)
{
    private static readonly TimeSpan Summary = TimeSpan.FromMinutes(15);
    private string? _code;
    private TimeSpan _told;
    private int _untold;
    private TimeSpan _quietUntil;

    /// <summary>Until then what the network does is told to nobody but those who look for it.</summary>
    public void QuietUntil(TimeSpan steady) => _quietUntil = steady;

    public void Failed(LaneError error, TimeSpan wait, TimeSpan now)
    {
        if (now < _quietUntil && !error.NeedsAttention)
        {
            log.Debug("Changes cannot be fetched yet ({Code}): {Reason}; next try in {Delay}", error.Code, error.Message, wait);
        }
        else if (_code != error.Code)
        {
            (_code, _told, _untold) = (error.Code, now, 0);
            log.Log(
                error.NeedsAttention ? LogLevel.ErrorLevel : LogLevel.WarningLevel,
                "Changes cannot be fetched ({Code}): {Reason}; {Remedy}; next try in {Delay}",
                error.Code,
                error.Message,
                error.Remedy,
                wait
            );
        }
        else if (now - _told >= Summary)
        {
            log.Warning("Changes still cannot be fetched ({Code}): {Count} tries since the last line", error.Code, _untold + 1);
            (_told, _untold) = (now, 0);
        }
        else
        {
            _untold++;
            log.Debug("Changes cannot be fetched ({Code}): {Reason}; next try in {Delay}", error.Code, error.Message, wait);
        }
    }

    public void Went()
    {
        if (_code is not null)
        {
            log.Info("Changes are fetched again after {Code}", _code);
            _code = null;
        }
    }
}
