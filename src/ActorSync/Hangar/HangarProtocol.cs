using ActorSync.Platform;
using ActorSync.Restart;
using Akka.Actor;

namespace ActorSync.Hangar;

/// <summary>Everything that is said to and by a profile's hangar, its own captures and calls apart.</summary>
internal static class HangarProtocol
{
    /// <summary>
    /// Captures and pushes now, also during backoff. Replies <see cref="HangarOutcome"/>, always. One that comes while a snapshot is taken or pushed gets the
    /// outcome of the next one, because the collection may have changed since.
    /// </summary>
    public sealed record PushHangar(IActorRef ReplyTo);

    /// <summary>How the hangar stands. Said to the profile at each change.</summary>
    /// <param name="NextAt">When it looks again by itself; not after now while it works. Null without a source.</param>
    /// <param name="Error">Of the last attempt; null when it went well or there was nothing to do.</param>
    /// <param name="Skip">Why the last attempt pushed nothing; null when it did, or failed.</param>
    public sealed record HangarReport(
        HangarActivity Activity,
        Moment? NextAt,
        Moment? TriedAt,
        DateTimeOffset? SucceededAt,
        string? Error,
        string? Skip,
        HangarTally Tally
    );

    /// <summary>The hangar's actor ended or came back.</summary>
    public sealed record HangarKept(ChildView View);

    /// <summary>Since the profile started; the hangar's own ends do not reset them.</summary>
    public sealed record HangarTally(long Pushes, long Skips, long Failures)
    {
        public static readonly HangarTally None = new(0, 0, 0);
    }
}

internal enum HangarActivity
{
    /// <summary>What was pushed last is being read from the journal.</summary>
    Starting,
    NoSource,
    Resting,
    Capturing,
    Pushing,

    /// <summary>The hub refused it; made again at its next time, on a kick, or with another credential.</summary>
    Stopped,
}

/// <summary>The words of <c>status --json</c>.</summary>
internal static class HangarWords
{
    public static string Of(HangarActivity activity) =>
        activity switch
        {
            HangarActivity.NoSource => "no_source",
            HangarActivity.Resting => "resting",
            HangarActivity.Capturing => "capturing",
            HangarActivity.Pushing => "pushing",
            HangarActivity.Stopped => "stopped",
            _ => "starting",
        };
}

/// <summary>The hub refused the hangar's call with a code that speaks of the credential or the account. Whether that is so, sync finds out.</summary>
internal sealed class HangarRefusedException(string code, string message) : SyncException(code, message, "see 'actorsync hangar status'");
