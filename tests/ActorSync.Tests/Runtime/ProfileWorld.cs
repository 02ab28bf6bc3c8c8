using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ActorSync.Auth;
using ActorSync.Hosting;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Runtime;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using ActorSync.Wire;
using Akka.Actor;
using Shouldly;

namespace ActorSync.Tests.Runtime;

/// <summary>The real tree of one profile (its credential's owner apart) on a real journal file, a fake hub behind a virtual wire, in virtual time.</summary>
internal sealed class ProfileWorld : IDisposable
{
    public static readonly Uri HubAddress = new("https://hub.test");

    private readonly string _folder = Directory.CreateTempSubdirectory("actorsync-tree-").FullName;
    private readonly JournalStatistics _statistics = new();
    private int _probes;

    public ProfileWorld(int seed = 1, string hocon = "", bool start = true, Func<ProfileChildren, ProfileChildren>? children = null)
    {
        World = new World(seed);
        Hub = new FakeHub(World);
        Options = SyncOptionsReader.Read(_folder, $"actorsync.journal.reserve-bytes = 0 B\nactorsync.hub = \"{HubAddress}\"\n{hocon}");
        var handler = new FakeHubHandler(World.Node, Hub, Wire) { Sent = Left };
        Http = new HubHttp(Options.Http, World.Platform(handler));
        SomebodyElseWasThereBefore();
        var made = new ProfileChildren(
            () => JournalActor.Props(Path.Combine(_folder, "journal.db"), Options.Journal, World.Platform(), _statistics),
            (device, listener) =>
            {
                Device ??= device;
                Auth.Token = Auth.Generation.Value == 1 && !Auth.SignedOut ? NewToken() : Auth.Token;
                return ScriptedAuthActor.Props(Auth, listener);
            }
        );
        Children = children?.Invoke(made) ?? made;
        if (start)
        {
            Start();
            Ready();
        }
    }

    public World World { get; }

    public FakeHub Hub { get; }

    public VirtualWire Wire { get; } = new() { MinLatency = TimeSpan.FromMilliseconds(5), MaxLatency = TimeSpan.FromMilliseconds(5) };

    public SyncOptions Options { get; set; }

    public HubHttp Http { get; }

    public ScriptedAuth Auth { get; } = new();

    public DeviceId? Device { get; private set; }

    public ProfileChildren Children { get; set; }

    public JournalPort Journal { get; } = new();

    public string Folder => _folder;

    public IActorRef Runtime { get; private set; } = ActorRefs.Nobody;

    public IActorRef Profile { get; private set; } = ActorRefs.Nobody;

    /// <summary>The ids of each push that reached the hub, in order.</summary>
    public IEnumerable<IReadOnlyList<string>> Pushed => Hub.Pushes.Select(push => push.OperationIds);

    /// <summary>How many requests of any kind left this device, or failed to.</summary>
    public int Tried { get; private set; }

    /// <summary>How many pushes left this device.</summary>
    public int Sent { get; private set; }

    public string[] AtHub => [.. Ours.Select(op => op.OperationId)];

    public IEnumerable<ActorSync.TestKit.Hubs.HubOperation> Ours => Hub.Account.Log.Where(op => op.Device != "other");

    /// <summary>Every first storing of an operation of ours.</summary>
    public IEnumerable<string> Applied => Hub.Account.Applied.Skip(1);

    public string NewToken() => Hub.IssueToken(Device!.Value.Value);

    /// <summary>Another hub, another credential: what holds from now on is told.</summary>
    public void Announce(string? token, long generation, string? problem = null, Uri? hub = null)
    {
        (Auth.Token, Auth.Generation, Auth.Problem, Auth.Hub) = (token, new CredentialGeneration(generation), problem, hub ?? HubAddress);
        Child("auth").Tell(new ScriptedAuthActor.Announce(), ActorRefs.NoSender);
        World.Run(TimeSpan.FromMilliseconds(100));
    }

    public void Start()
    {
        var setup = new ProfileSetup("default", Options, World.Platform(), Journal, Http, Children);
        Runtime = World.System.ActorOf(RuntimeSupervisor.Props([setup], World.Platform()), RuntimeSupervisor.Name);
    }

    public RuntimeProtocol.Readiness Readiness()
    {
        var readiness = Ask<RuntimeProtocol.Readiness>(Runtime, asker => new RuntimeProtocol.GetProfile("default", asker));
        Profile = readiness.Profile;
        return readiness;
    }

    public void Ready() => Readiness().ShouldBeOfType<RuntimeProtocol.ProfileReady>();

    public ActorPath PathOf(string below) => Profile.Path / below;

    /// <summary>Nobody when it is not there.</summary>
    public IActorRef Child(string below) => Find($"{Profile.Path}/{below}");

    public IActorRef Find(string path) =>
        ((ExtendedActorSystem)World.System).Provider.ResolveActorRef(path) is ActorRefWithCell actor ? actor : ActorRefs.Nobody;

    public T Ask<T>(IActorRef to, Func<IActorRef, object> question, TimeSpan? within = null)
    {
        var probe = World.Probe($"asker-{++_probes}");
        to.Tell(question(probe.Ref), probe.Ref);
        return probe.Expect<T>(within: within ?? TimeSpan.FromSeconds(30));
    }

    public T AskJournal<T>(Func<IActorRef, JournalProtocol.IJournalCommand> question)
    {
        var probe = World.Probe($"asker-{++_probes}");
        Journal.Tell(question(probe.Ref));
        return probe.Expect<T>(within: TimeSpan.FromSeconds(30));
    }

    public static NewOperation Operation(string id, Lane lane = Lane.Priority, string entity = "note", int payloadBytes = 10) =>
        new()
        {
            Entity = entity,
            EntityId = id,
            Lane = lane,
            Payload = Encoding.UTF8.GetBytes($"\"{new string('x', payloadBytes)}\""),
        };

    /// <summary>Gives the ids in order.</summary>
    public string[] Enqueue(params NewOperation[] operations) =>
        [
            .. AskJournal<JournalProtocol.Stored>(asker => new JournalProtocol.EnqueueMany([.. operations], null, asker))
                .Accepted.Select(accepted => accepted.OperationId.ToString()),
        ];

    public string[] Enqueue(int count, Lane lane = Lane.Priority, string prefix = "n") =>
        Enqueue([.. Enumerable.Range(0, count).Select(i => Operation($"{prefix}{i}", lane))]);

    public JournalCounts Counts() => AskJournal<JournalCounts>(asker => new JournalProtocol.GetCounts(asker));

    public ImmutableArray<JournalRow> Rows(RowState state) =>
        AskJournal<JournalProtocol.Rows>(asker => new JournalProtocol.ListOperations(state, 0, 100_000, asker)).Items;

    public StatusSnapshot Status() => Ask<StatusSnapshot>(Profile, asker => new StatusProtocol.GetStatus(asker));

    public DrainReport DrainNow(bool force = true, TimeSpan? within = null) =>
        Ask<DrainReport>(Profile, asker => new SyncProtocol.DrainNow(force, asker), within);

    public object Change(string key, string? value) =>
        Ask<object>(
            Profile,
            asker => new SyncProtocol.ChangeSettings(ImmutableSortedDictionary<string, string?>.Empty.Add(key, value), asker)
        );

    public RuntimeProtocol.Stopped Stop() => Ask<RuntimeProtocol.Stopped>(Runtime, asker => new RuntimeProtocol.StopRuntime(asker));

    /// <summary>Runs until nothing is pending.</summary>
    public void Drained(TimeSpan? limit = null)
    {
        var end = World.Elapsed + (limit ?? TimeSpan.FromSeconds(60));
        while (Counts().Pending > 0)
        {
            World.Elapsed.ShouldBeLessThan(end, World.Describe("still pending"));
            World.Run(TimeSpan.FromMilliseconds(50));
        }
    }

    private void Left(HubRequest request)
    {
        Tried++;
        Sent += request.IsPush ? 1 : 0;
    }

    private void SomebodyElseWasThereBefore() =>
        Hub.Account.Push(
            JsonDocument
                .Parse(
                    """{"device_id":"other","clock":1,"ops":[{"operation_id":"01890000-0000-7000-8000-000000000001","lamport_ts":1,"entity":"e","entity_id":"1","op":"noop"}]}"""
                )
                .RootElement
        );

    public void Dispose()
    {
        World.Dispose();
        Http.Dispose();
        Journal.Down("the test is over", "");
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What the owner of the credential is told to say.</summary>
internal sealed class ScriptedAuth
{
    public CredentialGeneration Generation { get; set; } = new(1);

    public string? Token { get; set; }

    public bool SignedOut { get; set; }

    public Uri Hub { get; set; } = ProfileWorld.HubAddress;

    public string Account { get; set; } = "ada";

    public string? Problem { get; set; }

    public Func<AuthProtocol.CredentialRefused, AuthProtocol.Verdict>? OnRefused { get; set; }

    public List<AuthProtocol.CredentialRefused> Refused { get; } = [];

    public int Asked { get; set; }

    /// <summary>Leaves so many questions for the credential without an answer.</summary>
    public int Deaf { get; set; }

    public AuthProtocol.Binding? Binding =>
        Token is null ? null : new AuthProtocol.Binding(Hub, Account, "@" + Account, null, CanRefresh: true);

    public AuthProtocol.CurrentCredential Current => new(Generation, Token is null ? null : new AccessToken(Token), Binding, Problem);

    public AuthProtocol.CredentialChanged Changed => new(Generation, Binding, Problem);
}

/// <summary>Makes the script speak. An <see cref="Announce"/> says what it holds now.</summary>
internal sealed class ScriptedAuthActor(ScriptedAuth script, IActorRef listener) : UntypedActor
{
    public static Props Props(ScriptedAuth script, IActorRef listener) =>
        Akka.Actor.Props.Create(() => new ScriptedAuthActor(script, listener));

    protected override void PreStart() => listener.Tell(script.Changed);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case AuthProtocol.GetCredential get:
                script.Asked++;
                if (script.Deaf-- <= 0)
                {
                    script.Deaf = 0;
                    get.ReplyTo.Tell(script.Current);
                }

                break;
            case AuthProtocol.CredentialRefused refused:
                script.Refused.Add(refused);
                if (script.OnRefused is { } judge)
                {
                    var verdict = judge(refused);
                    refused.ReplyTo.Tell(verdict);
                    if (verdict is AuthProtocol.Verdict.TryAgain)
                    {
                        listener.Tell(script.Changed);
                    }
                }

                break;
            case AuthProtocol.SignOut signOut:
                (script.SignedOut, script.Token, script.Generation) = (true, null, new CredentialGeneration(script.Generation.Value + 1));
                listener.Tell(script.Changed);
                signOut.ReplyTo.Tell(new AuthProtocol.SignedOut(script.Generation));
                break;
            case Announce:
                listener.Tell(script.Changed);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    internal sealed record Announce;
}
