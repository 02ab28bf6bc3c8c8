using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Diagnostics.ActorLogProtocol;

namespace ActorSync.Diagnostics;

/// <summary>A second logger beside <see cref="ActorLog"/>: keeps the last lines, hands them to who follows, and decides which are made.</summary>
/// <remarks>
/// Named in reference.conf under <c>akka.loggers</c>. It writes nowhere, so that neither a slow console nor a full disk keeps somebody from looking.
/// </remarks>
internal sealed class ActorLogTap : UntypedActor, IWithTimers
{
    public const int MaxFollowers = 16;
    private readonly ActorLogDesk _desk = ActorLogDesk.Of(Context.System);
    private readonly List<LogFollower> _followers = [];
    private readonly LogRing _ring;
    private readonly ActorLogLevels _first;
    private long _number;

    // Of a system that was made with our reference.conf and without our options.
    private static readonly LogSettings Plain = new("INFO", 5_000, 2 << 20);

    /// <summary>As Akka makes it.</summary>
    public ActorLogTap()
        : this(ActorLogDesk.Of(Context.System).Settings ?? Plain) { }

    public ActorLogTap(LogSettings settings)
    {
        _ring = new LogRing(settings.Lines, settings.Bytes);
        _first = ActorLogLevels.Of(settings.AkkaLevel);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        _desk.Levels = _first;
        _desk.Tap = Self;
    }

    protected override void PostStop()
    {
        _desk.Levels = _first;
        _followers.ForEach(follower => follower.End());
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger initialize:
                Listen(initialize.LoggingBus);
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent logged:
                Keep(logged);
                break;
            case GetRecent get:
                get.ReplyTo.Tell(new Recent(_ring.Last(get.Filter, get.Limit)));
                break;
            case Follow follow:
                Begin(follow);
                break;
            case Unfollow unfollow:
                _followers.Remove(unfollow.Follower);
                Wishes();
                break;
            case SetLevel set:
                Set(set);
                break;
            case Restore restore:
                Timers.Cancel(restore.Actor);
                _desk.Levels = _desk.Levels.With(restore.Actor, level: null, until: null);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    // From its level on the system sends the lines here by itself; what is below comes only from our own actors, when it is wanted.
    private void Listen(LoggingBus bus)
    {
        var own = Logging.LogLevelFor(Context.System.Settings.LogLevel);
        foreach (var (level, type) in Classes)
        {
            if (level < own)
            {
                bus.Subscribe(Self, type);
            }
        }
    }

    private static readonly ImmutableArray<(LogLevel Level, Type Type)> Classes =
    [
        (LogLevel.DebugLevel, typeof(Debug)),
        (LogLevel.InfoLevel, typeof(Info)),
        (LogLevel.WarningLevel, typeof(Warning)),
        (LogLevel.ErrorLevel, typeof(Error)),
    ];

    private void Keep(LogEvent logged)
    {
        // What the app's own log takes comes here too; the ring and those who follow get what they asked for.
        if (!_desk.Levels.Takes(logged.LogLevel(), logged.LogSource))
        {
            return;
        }

        var line = LogLine.Of(++_number, logged);
        _ring.Add(line);
        foreach (var follower in _followers)
        {
            // Who asked for no level does not get what is made for somebody else.
            if (follower.Filter.Takes(line) && (follower.Filter.Level is not null || line.Level >= _desk.Levels.LevelOf(line.Path)))
            {
                follower.Offer(line);
            }
        }
    }

    private void Begin(Follow follow)
    {
        if (_followers.Count >= MaxFollowers)
        {
            follow.ReplyTo.Tell(new TooManyFollowers(MaxFollowers));
            return;
        }

        _followers.Add(follow.Follower);
        Wishes();
        follow.ReplyTo.Tell(new Recent(_ring.Last(follow.Follower.Filter, follow.Limit)));
    }

    private void Wishes() =>
        _desk.Levels = _desk.Levels with
        {
            Wishes =
            [
                .. from follower in _followers
                let level = follower.Filter.Level
                where level is not null
                select new LevelWish(follower.Filter.Actor, level.Value),
            ],
        };

    private void Set(SetLevel set)
    {
        Timers.Cancel(set.Actor);
        DateTimeOffset? until = null;
        if (set is { Level: not null, For: { } time })
        {
            Timers.StartSingleTimer(set.Actor, new Restore(set.Actor), time);
            until = Context.System.Scheduler.Now + time;
        }

        _desk.Levels = _desk.Levels.With(set.Actor, set.Level, until);
        set.ReplyTo.Tell(new Levels(_desk.Levels.Floor, _desk.Levels.Rules));
    }

    private sealed record Restore(ActorPattern Actor);
}
