namespace ActorSync.Platform;

/// <summary>An instant, twice: the clock that decides and the clock that people read.</summary>
/// <param name="Steady">Monotonic; the only one that decisions are taken by.</param>
/// <param name="Wall">Shown, never compared.</param>
internal readonly record struct Moment(TimeSpan Steady, DateTimeOffset Wall)
{
    public static Moment operator +(Moment moment, TimeSpan span) => new(moment.Steady + span, moment.Wall + span);
}

internal static class Moments
{
    public static Moment Now(this TimeProvider time) => new(time.GetElapsedTime(0), time.GetUtcNow());
}
