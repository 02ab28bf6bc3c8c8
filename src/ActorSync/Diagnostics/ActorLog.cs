using System.Collections;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Dispatch.MessageQueues;
using Akka.Event;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using static ActorSync.Diagnostics.NamedFormatter;
using AkkaLevel = Akka.Event.LogLevel;
using LogLevel = Microsoft.Extensions.Logging.LogLevel;

namespace ActorSync.Diagnostics;

/// <summary>
/// Akka's logger that hands each line to <see cref="ILoggerFactory"/>: the category is the actor's class, the scope carries ActorPath, Profile
/// and Lane, and the named holes of the template are properties.
/// </summary>
/// <remarks>Named in reference.conf under <c>akka.loggers</c>. Which factory is said by <see cref="ActorLogSetup"/>, so each actor system has its own.</remarks>
internal sealed class ActorLog : UntypedActor, IRequiresMessageQueue<IActorLogQueueSemantics>
{
    private readonly ActorLogWriter _writer = new(FactoryOf(Context.System));

    /// <summary>Akka's name of the lowest level that any of our actors' categories takes, so that a line below it is not made at all.</summary>
    public static string LowestLevel(ILoggerFactory? logs)
    {
        if (logs is null)
        {
            return "OFF";
        }

        var loggers = typeof(ActorLog)
            .Assembly.GetTypes()
            .Where(type => type.IsSubclassOf(typeof(ActorBase)) && type != typeof(ActorLog))
            .Select(type => type.FullName!)
            .Append("Akka")
            .Append("ActorSync")
            .Select(logs.CreateLogger)
            .ToArray();
        return Takes(LogLevel.Debug) ? "DEBUG"
            : Takes(LogLevel.Information) ? "INFO"
            : Takes(LogLevel.Warning) ? "WARNING"
            : Takes(LogLevel.Error) ? "ERROR"
            : "OFF";

        bool Takes(LogLevel level) => Array.Exists(loggers, logger => logger.IsEnabled(level));
    }

    public static ILoggerFactory FactoryOf(ActorSystem system) =>
        system.Settings.Setup.Get<ActorLogSetup>() is { HasValue: true, Value: var setup } ? setup.Logs : NullLoggerFactory.Instance;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case InitializeLogger:
                Sender.Tell(new LoggerInitialized());
                break;
            case LogEvent line:
                _writer.Write(line);
                break;
            default:
                Unhandled(message);
                break;
        }
    }
}

/// <summary>Says which factory the log of one actor system goes to, and what is kept of it.</summary>
internal sealed class ActorLogSetup(ILoggerFactory? logs, LogSettings settings) : Setup
{
    public ILoggerFactory Logs { get; } = logs ?? NullLoggerFactory.Instance;

    public LogSettings Settings { get; } = settings;
}

/// <summary>Writes one log event after the other; not for more than one thread at a time.</summary>
internal sealed class ActorLogWriter(ILoggerFactory logs)
{
    // Actors come and go, and each brings a path of its own.
    private const int MaxSources = 1024;
    private readonly Dictionary<string, Source> _sources = new(StringComparer.Ordinal);

    public void Write(LogEvent line)
    {
        var source = SourceOf(line);
        var level = LevelOf(line.LogLevel());
        if (!source.Logger.IsEnabled(level))
        {
            return;
        }

        using var scope = source.Logger.BeginScope(source.Scope);
        source.Logger.Log(level, default, new Line(Render(line.Message)), line.Cause, static (state, _) => state.ToString());
    }

    private static LogLevel LevelOf(AkkaLevel level) =>
        level switch
        {
            AkkaLevel.DebugLevel => LogLevel.Debug,
            AkkaLevel.InfoLevel => LogLevel.Information,
            AkkaLevel.WarningLevel => LogLevel.Warning,
            _ => LogLevel.Error,
        };

    private Source SourceOf(LogEvent line)
    {
        var name = line.LogSource ?? string.Empty;
        if (_sources.TryGetValue(name, out var known))
        {
            return known;
        }

        if (_sources.Count >= MaxSources)
        {
            _sources.Clear();
        }

        var isActor = line.LogClass?.IsSubclassOf(typeof(ActorBase)) == true;
        var category = isActor || line.LogClass?.Namespace is { } space && !space.StartsWith("Akka", StringComparison.Ordinal);
        var source = new Source(
            logs.CreateLogger(category ? line.LogClass!.FullName! : "Akka." + line.LogClass?.Name),
            new Fields(ScopeOf(name, isActor))
        );
        _sources.Add(name, source);
        return source;
    }

    // akka://actorsync/user/actorsync/profiles/default/sync/drain
    private static KeyValuePair<string, object?>[] ScopeOf(string source, bool isActor)
    {
        if (!isActor || !Uri.TryCreate(source, UriKind.Absolute, out var address))
        {
            return [KeyValuePair.Create<string, object?>("ActorPath", source)];
        }

        var segments = address.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var profiles = Array.IndexOf(segments, "profiles");
        List<KeyValuePair<string, object?>> fields = [new("ActorPath", address.AbsolutePath)];
        if (profiles >= 0 && profiles + 1 < segments.Length)
        {
            fields.Add(new("Profile", segments[profiles + 1]));
        }

        if (segments.Length > 0 && segments[^1] is "priority" or "bulk")
        {
            fields.Add(new("Lane", segments[^1]));
        }

        return [.. fields];
    }

    private sealed record Source(ILogger Logger, Fields Scope);

    private class Fields(KeyValuePair<string, object?>[] fields) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        public int Count => fields.Length;

        public KeyValuePair<string, object?> this[int index] => fields[index];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => fields.AsEnumerable().GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        public override string ToString() => string.Join(' ', fields.Select(field => $"{field.Key}:{field.Value}"));
    }

    private sealed class Line(Rendered rendered)
        : Fields([
            .. rendered.Properties,
            new("{OriginalFormat}", rendered.Template ?? rendered.Text.Replace("{", "{{").Replace("}", "}}")),
        ])
    {
        public override string ToString() => rendered.Text;
    }
}

/// <summary>Marks the queue of <see cref="ActorLog"/>.</summary>
internal interface IActorLogQueueSemantics : ISemantics;

/// <summary>Makes <see cref="ActorLogQueue"/>; named in reference.conf.</summary>
internal sealed class ActorLogMailbox(Settings settings, Config config)
    : MailboxType(settings, config),
        IProducesMessageQueue<ActorLogQueue>
{
    public override IMessageQueue Create(IActorRef owner, ActorSystem system) => new ActorLogQueue(new(ActorLog.FactoryOf(system)));
}

/// <summary>A stopping system would throw the last lines away, or print them where only the app may print; this writes them.</summary>
internal sealed class ActorLogQueue(ActorLogWriter writer) : IMessageQueue, IActorLogQueueSemantics
{
    private readonly UnboundedMessageQueue _queue = new();

    public bool HasMessages => _queue.HasMessages;

    public int Count => _queue.Count;

    public void Enqueue(IActorRef receiver, Envelope envelope) => _queue.Enqueue(receiver, envelope);

    public bool TryDequeue(out Envelope envelope) => _queue.TryDequeue(out envelope);

    public void CleanUp(IActorRef owner, IMessageQueue deadletters)
    {
        while (_queue.TryDequeue(out var envelope))
        {
            if (envelope.Message is LogEvent line)
            {
                writer.Write(line);
            }
        }
    }
}
