using System.Collections.Immutable;
using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.TestKit;
using Akka.Actor;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

/// <summary>One owner of a credential, its disk and its hub, in virtual time. The disk and the hub outlive each process.</summary>
internal sealed class AuthWorld : IDisposable
{
    public const string GoodCode = "ABCD2345";
    public static readonly Uri HubAddress = new("https://hub.example.com/");
    private int _processes;

    public AuthWorld(int seed = 1, ICredentialStore? store = null, bool start = true, string hocon = "")
    {
        World = new World(seed, hocon: hocon);
        Hub = new AccountHub(World);
        UsedStore = store ?? Store;
        if (start)
        {
            Start();
        }
    }

    public World World { get; }

    public AccountHub Hub { get; }

    /// <summary>Sync's, played by the test.</summary>
    public AuthLossAuthority Authority { get; } = new();

    public MemoryCredentialStore Store { get; } = new();

    public ICredentialStore UsedStore { get; }

    public Node Process { get; private set; } = null!;

    public IActorRef Auth { get; private set; } = null!;

    /// <summary>Who is told of changes.</summary>
    public Probe Listener { get; private set; } = null!;

    public Probe Asker { get; private set; } = null!;

    /// <summary>Who asks for the credential.</summary>
    public Probe Reader { get; private set; } = null!;

    public TimeSpan RenewBefore { get; init; } = TimeSpan.FromMinutes(2);

    public DeviceId Device { get; set; } = new("device-1");

    public CredentialChanged LastTold
    {
        get
        {
            World.Run(TimeSpan.FromMilliseconds(10));
            return Listener.Received.OfType<CredentialChanged>().Last();
        }
    }

    /// <summary>A new process on the same disk and hub.</summary>
    public void Start()
    {
        Process = World.StartNode($"process{++_processes}");
        Listener = Process.Probe("listener");
        Asker = Process.Probe("asker");
        Reader = Process.Probe("reader");
        Auth = Process.System.ActorOf(
            AuthActor.Props(
                new AuthSetup(
                    UsedStore,
                    Hub,
                    Device,
                    new AuthSettings(RenewBefore, "a device"),
                    Process.Platform(),
                    ["trusted.lan"],
                    [Listener.Ref]
                )
                {
                    Authority = Authority,
                }
            ),
            "auth"
        );
    }

    public T Ask<T>(Func<IActorRef, object> command)
    {
        Asker.Send(Auth, command(Asker.Ref));
        return Asker.Expect<T>();
    }

    public CurrentCredential Current()
    {
        Reader.Send(Auth, new GetCredential(Reader.Ref));
        return Reader.Expect<CurrentCredential>();
    }

    /// <summary>Runs until the disk has this generation.</summary>
    public bool Reaches(long generation, TimeSpan within) => World.RunUntil(() => Store.Content.Generation.Value == generation, within);

    public SignedIn PairIt(string code = GoodCode)
    {
        Hub.AddCode(code);
        return Ask<SignedIn>(me => new Pair(HubAddress, code, "tests", me));
    }

    public SignInRefused RefusedPair(string code, Uri? hub = null) =>
        Ask<SignInRefused>(me => new Pair(hub ?? HubAddress, code, "tests", me));

    public SignInRefused RefusedToken(string token) => Ask<SignInRefused>(me => new UseToken(HubAddress, token, me));

    public void Refuse(long generation, string code = "token_expired") =>
        Asker.Send(Auth, new CredentialRefused(new CredentialGeneration(generation), code, Asker.Ref));

    public ImmutableArray<Verdict> Verdicts() => [.. Asker.Received.OfType<Verdict>()];

    public void Dispose() => World.Dispose();
}
