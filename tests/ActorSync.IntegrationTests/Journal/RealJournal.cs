using System.Collections.Immutable;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using Akka.Actor;
using Akka.Configuration;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.IntegrationTests.Journal;

/// <summary>A journal on its own thread in a real actor system. What fails is made again, as the profile does, without its backoff.</summary>
internal sealed class RealJournal : IAsyncDisposable
{
    private readonly OperationIdSource _ids = new(TimeProvider.System, new SystemChance());
    private readonly ActorSystem _system;
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RealJournal(string path, JournalSettings settings)
    {
        _system = ActorSystem.Create(
            "real",
            ConfigurationFactory
                .ParseString("akka { loglevel = OFF, stdout-loglevel = OFF, log-dead-letters = off }")
                .WithFallback(Reference())
        );
        _system.EventStream.Subscribe(_system.ActorOf(Props.Create(() => new DeadLetters(Port))), typeof(Akka.Event.DeadLetter));
        _system.ActorOf(Props.Create(() => new Owner(this, JournalActor.Props(path, settings, SyncPlatform.Real(), Statistics))), "owner");
    }

    public static JournalSettings DefaultSettings { get; } = new(10_000_000, 0, 16 << 20, 1000, 4096, 0.25, 500, 50_000);

    public JournalPort Port { get; } = new();

    public JournalStatistics Statistics { get; } = new();

    /// <summary>Failures of the journal, oldest first.</summary>
    public ImmutableList<Exception> Failures { get; private set; } = [];

    public static async Task<RealJournal> OpenAsync(string path, JournalSettings? settings = null)
    {
        var journal = new RealJournal(path, settings ?? DefaultSettings);
        await journal._opened.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return journal;
    }

    public ValueTask<Accepted> EnqueueAsync(NewOperation operation)
    {
        var request = EnqueueRequest.Rent(Check(operation), asynchronously: true);
        Port.Tell(request);
        return request.Task;
    }

    public Task<ImmutableArray<Accepted>> EnqueueAsync(IEnumerable<NewOperation> operations)
    {
        var request = new EnqueueBatchRequest([.. operations.Select(Check)], null, asynchronously: true);
        Port.Tell(request);
        return request.Task;
    }

    public Task<T> AskAsync<T>(Func<IActorRef, IJournalCommand> command)
    {
        var reply = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asker = _system.ActorOf(Props.Create(() => new Asker<T>(reply)));
        Port.Tell(command(asker));
        return reply.Task.WaitAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync() => await _system.Terminate();

    private Intake Check(NewOperation operation) =>
        Intake.Check(operation, _ids.Next, out var intake) is { } fault
            ? throw new ArgumentException(fault.Message, nameof(operation))
            : intake;

    private static Config Reference()
    {
        using var stream = typeof(SyncRuntime).Assembly.GetManifestResourceStream("ActorSync.reference.conf")!;
        return ConfigurationFactory.ParseString(new StreamReader(stream).ReadToEnd());
    }

    private sealed class Owner(RealJournal real, Props journal) : UntypedActor
    {
        protected override SupervisorStrategy SupervisorStrategy() =>
            new OneForOneStrategy(cause =>
            {
                real.Failures = real.Failures.Add(cause);
                return Directive.Stop;
            });

        protected override void PreStart() => Context.Watch(Context.ActorOf(journal));

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case JournalOpened:
                    real.Port.Up(Sender);
                    real._opened.TrySetResult();
                    break;
                case Terminated:
                    real.Port.Down("the journal is restarting", "try again in a moment");
                    Context.System.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(100), Self, "again", Self);
                    break;
                case string:
                    Context.Watch(Context.ActorOf(journal));
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }

    // What was in its mailbox when it stopped is answered, as in the profile.
    private sealed class DeadLetters(JournalPort port) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Akka.Event.DeadLetter letter)
            {
                port.Refuse(letter.Message);
            }
        }
    }

    private sealed class Asker<T>(TaskCompletionSource<T> reply) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is T expected)
            {
                reply.TrySetResult(expected);
            }
            else
            {
                reply.TrySetException(new UnavailableException($"{message}"));
            }

            Context.Stop(Self);
        }
    }
}

/// <summary>The journal answered an ask with anything but its reply.</summary>
internal sealed class UnavailableException(string message) : Exception(message);
