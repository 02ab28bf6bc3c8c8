using Akka.Actor;
using Akka.Event;

namespace ActorSync.Diagnostics;

/// <summary>The log of one actor system: what is made of it, and who keeps it.</summary>
/// <remarks>
/// Akka's loggers take their level when they are made, one for the whole system. Ours speak to a bus of our own that lets everything in and passes
/// on what is wanted now, so that the level of one actor can change while it runs; what nobody wants is never rendered.
/// </remarks>
internal sealed class ActorLogDesk : IExtension
{
    private volatile ActorLogLevels _levels;
    private volatile IActorRef? _tap;

    private ActorLogDesk(ExtendedActorSystem system)
    {
        Settings = system.Settings.Setup.Get<ActorLogSetup>() is { HasValue: true, Value: var setup } ? setup.Settings : null;
        // Without the tap nobody would get a line that the system's own level does not take.
        _levels = ActorLogLevels.Of(Settings?.AkkaLevel ?? LogLevel.ErrorLevel);
        Bus = new WantedLines(system.EventStream, this);
    }

    public LoggingBus Bus { get; }

    /// <summary>Null in an actor system that an app has made itself.</summary>
    public LogSettings? Settings { get; }

    public ActorLogLevels Levels
    {
        get => _levels;
        set => _levels = value;
    }

    /// <summary>Answers <see cref="ActorLogProtocol"/>; null until the system's loggers stand, and in a system that an app has made itself.</summary>
    public IActorRef? Tap
    {
        get => _tap;
        set => _tap = value;
    }

    public static ActorLogDesk Of(ActorSystem system) => system.WithExtension<ActorLogDesk, Provider>();

    private sealed class Provider : ExtensionIdProvider<ActorLogDesk>
    {
        public override ActorLogDesk CreateExtension(ExtendedActorSystem system) => new(system);
    }

    private sealed class WantedLines : LoggingBus
    {
        private readonly LoggingBus _behind;
        private readonly ActorLogDesk _desk;

        public WantedLines(LoggingBus behind, ActorLogDesk desk)
        {
            (_behind, _desk) = (behind, desk);
            SetLogLevel(LogLevel.DebugLevel);
        }

        public override void Publish(object @event)
        {
            if (@event is not LogEvent line || line.LogLevel() >= _behind.LogLevel || _desk.Levels.Takes(line.LogLevel(), line.LogSource))
            {
                _behind.Publish(@event);
            }
        }
    }
}

internal static class ActorLogging
{
    /// <summary>An actor's log, whose level can be changed while it runs. With our formatter this stands before Akka's own method of the same name.</summary>
    public static ILoggingAdapter GetLogger(this IActorContext context, NamedFormatter formatter)
    {
        var source = LogSource.Create(context, context.System);
        return new BusLogging(ActorLogDesk.Of(context.System).Bus, source.Source, source.Type, formatter);
    }
}
