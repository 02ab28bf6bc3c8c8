using System.Collections.Immutable;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Event;

namespace ActorSync.Restart;

/// <summary>Keeps one child of an actor as the supervision table says: makes it, judges its failures, makes it again.</summary>
/// <remarks>
/// Part of its parent's state, called on its parent's thread. "Restart with backoff" is: directive Stop, a watch, a timer of the parent, a new child
/// after the old one is gone. The parent passes on <see cref="ChildGone"/> and <see cref="RetryChild"/>, and asks <see cref="OnFailure"/> from its strategy.
/// </remarks>
internal sealed class ChildKeeper(
    IActorContext context,
    ITimerScheduler timers,
    SyncPlatform platform,
    ILoggingAdapter log,
    ImmutableArray<PolicyRow> rows,
    string name,
    Func<Props> props
)
{
    private Backoff? _backoff;
    private RestartBudget? _budget;
    private object? _incarnation;
    private Moment _startedAt;
    private Failure? _failure;
    private bool _stopping;

    public string Name => name;

    /// <summary>Null while it is down.</summary>
    public IActorRef? Ref { get; private set; }

    public ChildView View
    {
        get;
        private set
        {
            field = value;
            ActorRegister.Of(context.System).Report(context.Self.Path / name, value);
        }
    } = new(Up: false, 0, null, null, Exhausted: false);

    private string TimerKey => "keeper-" + name;

    public void Start()
    {
        timers.Cancel(TimerKey);
        _failure = null;
        _startedAt = platform.Time.Now();
        _incarnation = new object();
        Ref = context.WatchWith(context.ActorOf(props(), name), new ChildGone(name, _incarnation));
        View = View with { Up = true, NextTry = null };
    }

    /// <summary>Whatever ends it from now on, it is not made again.</summary>
    public void NoMore()
    {
        _stopping = true;
        timers.Cancel(TimerKey);
    }

    /// <summary>Stops it for good: no restart follows.</summary>
    public void Stop()
    {
        NoMore();
        if (Ref is { } child)
        {
            context.Stop(child);
        }
    }

    /// <summary>The directive for a failure of this child, by the table and the budget.</summary>
    public Directive OnFailure(Exception exception)
    {
        var cause = FailureKinds.Root(exception)!;
        var row = RowFor(cause);
        var within = Spend(row);
        View = View with { LastError = Describe(cause), Restarts = View.Restarts + 1, Exhausted = !within };
        if (_stopping)
        {
            return Directive.Stop;
        }

        if (row.Directive == ChildDirective.Restart && within)
        {
            log.Warning(cause, "Actor {0} failed and is restarted", name);
            return Directive.Restart;
        }

        _failure = new Failure(row, cause);
        return Directive.Stop;
    }

    /// <summary>What the end of the child means; null when it was an earlier incarnation or ended because it was told to.</summary>
    public ChildEnd? OnGone(ChildGone gone)
    {
        if (!ReferenceEquals(gone.Incarnation, _incarnation))
        {
            return null;
        }

        Ref = null;
        View = View with { Up = false };
        if (_stopping)
        {
            return null;
        }

        // A service that returns normally has died, too.
        if (_failure is null)
        {
            View = View with { LastError = "it stopped by itself", Restarts = View.Restarts + 1, Exhausted = !Spend(RowFor(null)) };
        }

        var (row, cause) = _failure ?? new Failure(RowFor(null), null);
        return row.Directive == ChildDirective.RestartWithBackoff ? Retry(row, cause) : Give(row, cause);
    }

    /// <summary>Makes the child again after a wait, whatever the table says about it.</summary>
    public void RetryIn(TimeSpan wait)
    {
        View = View with { NextTry = platform.Time.Now() + wait };
        timers.StartSingleTimer(TimerKey, new RetryChild(name), wait);
    }

    /// <summary>True when the timer was for this child and it was made again.</summary>
    public bool OnRetry(RetryChild retry)
    {
        if (retry.Name != name || Ref is not null || _stopping)
        {
            return false;
        }

        Start();
        return true;
    }

    private ChildEnd Retry(PolicyRow row, Exception? cause)
    {
        var law = row.Backoff!;
        var backoff = _backoff ?? new Backoff(law);
        if (platform.Time.Now().Steady - _startedAt.Steady >= law.Max)
        {
            backoff = backoff.Reset();
        }

        (_backoff, var wait) = backoff.Fail(platform.Chance.NextDouble());
        wait = View.Exhausted ? law.Max : wait;
        log.Warning(cause, "Actor {0} failed ({1}), attempt {2}, next in {3}", name, View.LastError!, _backoff.Failures, wait);
        RetryIn(wait);
        return new ChildEnd(row.Then, cause, View.LastError!, wait, View.Exhausted);
    }

    private ChildEnd Give(PolicyRow row, Exception? cause)
    {
        // Somebody has to act, unless its parent makes it again.
        var level = row.Then == Consequence.HangarWaits ? LogLevel.WarningLevel : LogLevel.ErrorLevel;
        log.Log(level, cause, "Actor {0} failed ({1}) and stays stopped: {2}", name, View.LastError!, row.Then);
        return new ChildEnd(row.Then, cause, View.LastError!, null, Exhausted: true);
    }

    private PolicyRow RowFor(Exception? cause)
    {
        var kind = FailureKinds.KindOf(cause);
        return rows.First(row => row.Failure == kind || row.Failure == FailureKind.Any);
    }

    private bool Spend(PolicyRow row)
    {
        if (row.Limit is null)
        {
            return true;
        }

        (_budget, var within) = (_budget ?? RestartBudget.Of(row.Limit)).Spend(platform.Time.Now().Steady);
        return within;
    }

    private static string Describe(Exception cause) => cause is SyncException ? cause.Message : $"{cause.GetType().Name}: {cause.Message}";

    private sealed record Failure(PolicyRow Row, Exception? Cause);
}

/// <summary>What a keeper's parent is told by its watch.</summary>
/// <param name="Incarnation">Compared by reference: a message of before the parent's own restart must not speak of a child of after it.</param>
internal sealed record ChildGone(string Name, object Incarnation);

internal sealed record RetryChild(string Name);

/// <param name="RetryIn">Null: it stays stopped.</param>
internal sealed record ChildEnd(Consequence Then, Exception? Cause, string Error, TimeSpan? RetryIn, bool Exhausted);

/// <param name="Restarts">Failures since the parent started, restarted or not.</param>
internal sealed record ChildView(bool Up, int Restarts, string? LastError, Moment? NextTry, bool Exhausted);
