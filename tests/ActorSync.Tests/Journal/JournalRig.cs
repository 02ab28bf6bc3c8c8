using System.Collections.Immutable;
using System.Text;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.TestKit;
using ActorSync.Wire;
using Akka.Actor;
using Akka.Event;
using static ActorSync.Journal.JournalProtocol;

namespace ActorSync.Tests.Journal;

/// <summary>A journal actor in a world, on a real file, under a parent that stops what fails and answers dead letters, as the profile does.</summary>
internal sealed class JournalRig : IDisposable
{
    private readonly string _folder;
    private readonly bool _ownsFolder;
    private int _starts;

    /// <param name="folder">Null makes one in memory where the machine has that, and removes it.</param>
    public JournalRig(int seed = 1, JournalSettings? settings = null, int stepRows = JournalStore.StepRows, string? folder = null)
    {
        World = new World(seed);
        Settings = settings ?? DefaultSettings;
        StepRows = stepRows;
        _ownsFolder = folder is null;
        _folder = folder ?? NewFolder();
        Path = System.IO.Path.Combine(_folder, "journal.db");
        Client = World.Probe("client");
        Parent = World.Probe("parent-probe");
        World.System.EventStream.Subscribe(
            World.System.ActorOf(Akka.Actor.Props.Create(() => new DeadLetters(Port)), "dead-letters"),
            typeof(DeadLetter)
        );
    }

    public static JournalSettings DefaultSettings { get; } =
        new(
            MaxOperations: 10_000_000,
            ReserveBytes: 0,
            CacheBytes: 2 << 20,
            CheckpointPages: 1000,
            MaxGroup: 4096,
            LingerFraction: 0.25,
            FoldOperations: 500,
            FoldBacklog: 50_000
        );

    public World World { get; }

    public JournalSettings Settings { get; set; }

    public int StepRows { get; }

    public string Folder => _folder;

    public string Path { get; set; }

    public string Installation { get; set; } = "installation-1";

    public JournalPort Port { get; } = new();

    public JournalStatistics Statistics { get; } = new();

    /// <summary>Hears JournalOpened and, when the journal stops, its failure.</summary>
    public Probe Parent { get; }

    /// <summary>Whom the replies of <see cref="Ask{T}"/> go to.</summary>
    public Probe Client { get; }

    public IActorRef Journal { get; private set; } = ActorRefs.Nobody;

    public SyncPlatform Platform => World.Platform() with { Installation = () => Installation };

    public static string NewFolder()
    {
        var root = Directory.Exists("/dev/shm") ? "/dev/shm" : System.IO.Path.GetTempPath();
        return Directory.CreateDirectory(System.IO.Path.Combine(root, $"actorsync-journal-{Guid.NewGuid():N}")).FullName;
    }

    public JournalRig Start()
    {
        Parent.Send(Launch(), StartChild.Instance);
        Parent.Fish<JournalOpened>();
        return this;
    }

    /// <summary>For a start that is to fail: gives the failure.</summary>
    public Exception StartFails()
    {
        Parent.Send(Launch(), StartChild.Instance);
        return Root(Parent.Fish<Failed>().Cause);
    }

    /// <summary>The actor throws; the parent stops it, as in production. What it had in its mailbox comes back as dead letters.</summary>
    public void Crash()
    {
        Port.Down("the journal crashed", "try again in a moment");
        World.Node.Crash(Journal);
        Parent.Fish<Stopped>();
    }

    public void Stop()
    {
        Port.Down("the journal was stopped", "start it");
        Journal.Tell(PoisonPill.Instance);
        Parent.Fish<Stopped>();
    }

    /// <summary>What a SIGKILL leaves: the files as they are, taken over by a new journal. The old one is thrown away.</summary>
    public void Kill()
    {
        var copy = System.IO.Path.Combine(_folder, $"journal-{++_starts}.db");
        CopyTo(copy);
        Stop();
        Path = copy;
    }

    /// <summary>The database and its WAL, as a kill at this instant would leave them.</summary>
    public void CopyTo(string path)
    {
        File.Copy(Path, path, overwrite: true);
        File.Copy(Path + "-wal", path + "-wal", overwrite: true);
    }

    /// <summary>Sends a command to the journal and gives its reply.</summary>
    public T Ask<T>(Func<IActorRef, IJournalCommand> command)
    {
        Port.Tell(command(Client.Ref));
        return Client.Expect<T>();
    }

    public ImmutableArray<Accepted> Enqueue(params NewOperation[] operations) =>
        Ask<Stored>(to => new EnqueueMany([.. operations], null, to)).Accepted;

    public long Open(Lane lane) => Ask<PassOpened>(to => new OpenPass(lane, to)).Pass;

    public PushBatch? Read(Lane lane, long pass, int most = 500, int bytes = 1 << 20) =>
        Ask<BatchRead>(to => new ReadBatch(lane, pass, most, bytes, to)).Batch;

    public BatchSettled Settle(long pass, PushBatch batch, PushResult result) =>
        Ask<BatchSettled>(to => new SettleBatch(batch.Lane, pass, batch, result, to));

    public void Release(long pass, PushBatch batch)
    {
        Port.Tell(new ReleaseBatch(batch.Lane, pass, batch, Client.Ref));
        World.Run(TimeSpan.FromMilliseconds(1));
    }

    public JournalCounts Counts() => Ask<JournalCounts>(to => new GetCounts(to));

    public ReplicaDigested Digest() => Ask<ReplicaDigested>(to => new GetDigest(to));

    /// <summary>Reads, accepts and releases until nothing more comes. Gives the ids in the order in which they went.</summary>
    public List<OperationId> DrainAll(Lane lane, int most = 500)
    {
        var sent = new List<OperationId>();
        var pass = Open(lane);
        while (Read(lane, pass, most) is { } batch)
        {
            Settle(pass, batch, AcceptAll(batch));
            sent.AddRange(batch.Rows.ToArray().Select(row => row.Id));
            Release(pass, batch);
        }

        return sent;
    }

    public static PushResult AcceptAll(PushBatch batch) => Accept(batch, Enumerable.Range(0, batch.Count));

    public static PushResult Accept(PushBatch batch, IEnumerable<int> indexes) =>
        new([.. indexes.Select(i => new PushResult.AcceptedOp(i, i + 1, batch.Rows[i].Lamport, false))], [], 0, 0, null, null);

    public static PushResult Reject(int index, string error = "invalid_payload", string? by = null) =>
        new([], [new PushResult.RejectedOp(index, error, "the hub says no", by)], 0, 0, null, null);

    public static NewOperation Set(string id, string payload = "1", Lane lane = Lane.Priority, OperationId? operation = null) =>
        new()
        {
            Entity = "thing",
            EntityId = id,
            Field = "f",
            Payload = Encoding.UTF8.GetBytes(payload),
            Lane = lane,
            OperationId = operation,
        };

    public static NewOperation Bulk(string id, string payload = "1") => Set(id, payload, Lane.Bulk);

    public void Dispose()
    {
        if (!Journal.IsNobody())
        {
            // Closes the file: nothing else of this process may hold it when the folder goes.
            Journal.Tell(PoisonPill.Instance);
            World.Run(TimeSpan.FromSeconds(1));
        }

        World.Dispose();
        if (_ownsFolder)
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private IActorRef Launch()
    {
        var props = JournalActor.Props(Path, Settings, Platform, Statistics, StepRows);
        return World.System.ActorOf(Akka.Actor.Props.Create(() => new Keeper(this, props)), $"keeper-{++_starts}");
    }

    private static Exception Root(Exception cause)
    {
        while (cause is ActorInitializationException or System.Reflection.TargetInvocationException && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
    }

    public sealed record Failed(Exception Cause);

    public sealed record Stopped;

    private sealed record StartChild
    {
        public static readonly StartChild Instance = new();
    }

    private sealed class Keeper(JournalRig rig, Props journal) : UntypedActor
    {
        protected override SupervisorStrategy SupervisorStrategy() =>
            new OneForOneStrategy(cause =>
            {
                rig.Parent.Ref.Tell(new Failed(cause));
                return Directive.Stop;
            });

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case StartChild:
                    rig.Journal = Context.ActorOf(journal, "journal");
                    Context.Watch(rig.Journal);
                    break;
                case JournalOpened opened:
                    rig.Port.Up(rig.Journal);
                    rig.Parent.Ref.Tell(opened);
                    break;
                case Terminated:
                    rig.Port.Down("the journal is down", "try again in a moment");
                    rig.Parent.Ref.Tell(new Stopped());
                    break;
                default:
                    Unhandled(message);
                    break;
            }
        }
    }

    private sealed class DeadLetters(JournalPort port) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is DeadLetter letter)
            {
                port.Refuse(letter.Message);
            }
        }
    }
}
