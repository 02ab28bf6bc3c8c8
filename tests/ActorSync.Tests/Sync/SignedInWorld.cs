using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Events;
using ActorSync.Tests.Runtime;
using Shouldly;

namespace ActorSync.Tests.Sync;

/// <summary>The whole tree of a profile, the owner of its credential included, paired with the fake hub.</summary>
internal sealed class SignedInWorld : IDisposable
{
    public SignedInWorld(int seed = 1, bool pair = true, string hocon = "", TimeSpan? accessLife = null)
    {
        Tree = new ProfileWorld(
            seed,
            hocon,
            children: made =>
                made with
                {
                    Auth = (device, authority, listener) =>
                    {
                        (Device, Authority) = (device, authority);
                        return AuthActor.Props(
                            new AuthSetup(Store, Tree!.Http, device, Tree.Options.Auth, Tree.World.Platform(), [], [listener])
                            {
                                Authority = authority,
                            }
                        );
                    },
                },
            start: false
        );
        Tree.Hub.AccessLife = accessLife ?? TimeSpan.FromMinutes(15);
        Tree.Start();
        Tree.Ready();
        Listener = new Listener(Tree.Events);
        if (pair)
        {
            Pair();
            Tree.World.Run(TimeSpan.FromSeconds(2));
        }
    }

    public ProfileWorld Tree { get; }

    public World World => Tree.World;

    public FakeHub Hub => Tree.Hub;

    public MemoryCredentialStore Store { get; } = new();

    public DeviceId Device { get; private set; }

    public AuthLossAuthority? Authority { get; private set; }

    public Listener Listener { get; }

    public CredentialGeneration Generation => Store.Content.Generation;

    public AuthProtocol.SignedIn Pair(string? account = null) =>
        Tree.Ask<AuthProtocol.SignedIn>(
            Tree.Profile,
            asker => new AuthProtocol.Pair(ProfileWorld.HubAddress, Hub.NewPairingCode(account: account), "tests", asker)
        );

    public int Asked(string path) => Hub.Exchanges.Count(x => x.Request.Path == path);

    public int AskedWho => Asked("/v1/auth/me");

    public int Renewals => Asked("/v1/auth/refresh");

    /// <summary>Runs until the credential is lost.</summary>
    public void Loses(TimeSpan? within = null) =>
        World.RunUntil(() => Store.Content.Loss is not null, within).ShouldBeTrue(World.Describe("nothing was lost"));

    public void Dispose()
    {
        Listener.Dispose();
        Tree.Dispose();
    }
}
