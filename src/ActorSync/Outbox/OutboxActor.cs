using System.Collections.Immutable;
using ActorSync.Diagnostics;
using ActorSync.Journal;
using ActorSync.Journal.Sqlite;
using ActorSync.Model;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;
using static ActorSync.Outbox.OutboxProtocol;

namespace ActorSync.Outbox;

/// <summary>Carries an app's outbox over into the journal, in order, each operation once. It only reads the app's file.</summary>
/// <remarks>
/// <code>
/// Asking ──checkpoint──► Watching ──rows──► Storing ──stored──► Watching
///   ▲                       │  ▲                │
///   └──── the journal or the file says no: again after a pause ────┘
/// </code>
/// How far it is stands in the journal and is committed with the rows, so a kill between reading and storing repeats nothing.
/// </remarks>
internal sealed class OutboxActor(string name, string path, JournalPort journal, SyncPlatform platform) : UntypedActor, IWithTimers
{
    private const int PageRows = 500;
    private const string TickTimer = "tick";
    private const string RetryTimer = "retry";
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly ILoggingAdapter _log = Context.GetLogger(NamedFormatter.Instance);
    private readonly string _source = "outbox:" + name;
    private OutboxReader? _reader;
    private long _version = -1;
    private long _forwarded;
    private string? _problem;

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string name, string path, JournalPort journal, SyncPlatform platform) =>
        Akka.Actor.Props.Create(() => new OutboxActor(name, path, journal, platform)).WithDispatcher("actorsync.storage-dispatcher");

    protected override void PreStart() => Ask();

    protected override void PostStop() => _reader?.Dispose();

    protected override void OnReceive(object message) => Asking(message);

    private void Asking(object message)
    {
        switch (message)
        {
            case SourceCheckpoint checkpoint:
                _forwarded = checkpoint.Position;
                AppOutbox.SetForwarded(path, _forwarded);
                Timers.StartPeriodicTimer(TickTimer, LookNow.Instance, Tick);
                Become(Watching);
                Look();
                break;
            case Retry:
                Ask();
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Watching(object message)
    {
        switch (message)
        {
            case LookNow:
                Look();
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Storing(object message)
    {
        switch (message)
        {
            case Stored:
                Become(Watching);
                _problem = null;
                AppOutbox.SetForwarded(path, _forwarded);
                _version = -1;
                Look();
                break;
            case Full full:
                Pause($"the journal is at its limit of {full.Limit} operations");
                break;
            case Refused refused:
                Pause($"row {refused.Index} after {_forwarded} of {path} is refused: {refused.Field}: {refused.Message}");
                break;
            case LookNow:
                break;
            default:
                Common(message);
                break;
        }
    }

    private void Common(object message)
    {
        switch (message)
        {
            case GetOutbox query:
                query.ReplyTo.Tell(new OutboxView(name, path, _forwarded, _problem));
                break;
            case Unavailable why:
                Pause(why.Reason);
                break;
            case LookNow or Retry:
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Ask()
    {
        Timers.Cancel(TickTimer);
        journal.Tell(new GetCheckpoint(_source, Self));
    }

    private void Look()
    {
        try
        {
            _reader ??= new OutboxReader(path, platform.SqliteVfs);
            var version = _reader.DataVersion;
            if (version == _version)
            {
                return;
            }

            var (operations, last) = _reader.Read(_forwarded, PageRows);
            _version = version;
            if (operations.IsEmpty)
            {
                _problem = null;
                return;
            }

            Store(operations, last);
        }
        catch (SqliteFailure failure) when (failure.PrimaryCode is SqliteFailure.Busy or SqliteFailure.Locked)
        {
            // The app is writing; the next tick comes soon.
            return;
        }
        catch (SqliteFailure failure)
        {
            Pause(failure.Message);
        }
    }

    private void Store(ImmutableArray<NewOperation> operations, long last)
    {
        Become(Storing);
        _forwarded = last;
        journal.Tell(new EnqueueMany(operations, new SourceCheckpoint(_source, last), Self));
    }

    /// <summary>From the start again after a while: what the journal holds decides where to go on.</summary>
    private void Pause(string problem)
    {
        if (_problem != problem)
        {
            _log.Warning("Outbox {0} waits ({1}), next try in {2}", name, problem, RetryPause);
        }

        _problem = problem;
        _reader?.Dispose();
        _reader = null;
        _version = -1;
        Timers.Cancel(TickTimer);
        Timers.StartSingleTimer(RetryTimer, Retry.Instance, RetryPause);
        Become(Asking);
    }

    private sealed record Retry
    {
        public static readonly Retry Instance = new();
    }
}
