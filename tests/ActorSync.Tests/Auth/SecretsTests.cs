using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.TestKit;
using ActorSync.Wire;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

[Trait("criterion", "A16")]
public sealed class SecretsTests : IDisposable
{
    // Everything that Akka can say about messages is said.
    private const string Talkative = """
        akka.actor.debug { receive = on, autoreceive = on, lifecycle = on, unhandled = on, event-stream = on, router-misconfiguration = on }
        akka.log-dead-letters = on
        """;
    private static readonly string[] Codes = ["ABCD2345", "EFGH2345", "JKMN2345", "WXYZ2345"];
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void After_every_way_in_no_secret_is_in_a_log_a_message_or_a_file()
    {
        using var store = new CredentialStore(_temp["default"]);
        using var auth = new AuthWorld(seed: 3, store, start: false, Talkative);
        auth.World.Log.Level = LogLevel.DebugLevel;
        auth.Start();

        var said = EveryWayIn(auth);

        var secrets = auth.Hub.Secrets.Distinct(StringComparer.Ordinal).Select((secret, i) => new Canary($"secret {i}", secret)).ToList();
        secrets.Count.ShouldBeGreaterThan(20);
        said.AddRange(auth.World.Log.Lines.Select(static line => line.ToString()));
        said.AddRange(auth.Hub.Calls.Select(static call => call.ToString()));
        said.AddRange(auth.Hub.Replies.Select(static reply => reply.ToString()));
        said.AddRange(auth.Listener.Received.Concat(auth.Asker.Received).Concat(auth.Reader.Received).Select(static x => x.ToString()!));
        auth.World.Log.Lines.Count.ShouldBeGreaterThan(20);
        foreach (var text in said)
        {
            secrets.ForEach(secret => secret.ShouldBeAbsentFrom(text, $"'{text[..Math.Min(text.Length, 60)]}'"));
            Codes.ShouldAllBe(code => !text.Contains(code, StringComparison.OrdinalIgnoreCase));
        }

        secrets.ForEach(secret => secret.ShouldBeAbsentFromFolder(_temp.Root));
        foreach (var file in Directory.GetFiles(_temp.Root, "*", SearchOption.AllDirectories))
        {
            Codes.ShouldAllBe(code => !File.ReadAllText(file).Contains(code, StringComparison.OrdinalIgnoreCase));
        }
    }

    [Fact]
    public void The_search_finds_what_it_looks_for()
    {
        var secret = Canary.Plant("token");
        var json = CredentialJson.Write(new StoredCredential { Access = new(secret.Secret) });
        secret.FormIn(json).ShouldNotBeNull();
    }

    [Fact]
    public void Nothing_that_carries_a_secret_prints_it()
    {
        var secret = Canary.Plant("any");
        var access = new AccessToken(secret.Secret);
        var refresh = new RefreshToken(secret.Secret);
        var pairing = new PendingPairing("00", secret.Secret);
        var grant = new TokenGrant(access, secret.Secret, TimeSpan.FromMinutes(1), "acc", null, new DeviceId("d"));
        var stored = new StoredCredential
        {
            Access = access,
            Refresh = refresh,
            Pairing = pairing,
            Hub = AuthWorld.HubAddress,
        };
        var state = new AuthState(stored, new DeviceId("d"));
        var pair = new Pair(AuthWorld.HubAddress, secret.Secret, "tests", Akka.Actor.ActorRefs.Nobody);
        object[] carriers =
        [
            access,
            refresh,
            pairing,
            grant,
            stored,
            state,
            state.Current,
            pair,
            new UseToken(AuthWorld.HubAddress, secret.Secret, Akka.Actor.ActorRefs.Nobody),
            new AuthState.Event.Stored(stored),
            new AuthState.Command.TakeRenewed(CredentialGeneration.None, grant, default),
            new AuthState.Command.SignIn(stored),
            new AuthState.Command.BeginPairing(pairing),
            new HubResult<TokenGrant>.Value(grant),
            new SignIn.Redeem(AuthWorld.HubAddress, secret.Secret, new DeviceId("d"), "tests", pairing),
            new SignIn.Confirm(AuthWorld.HubAddress, access, new DeviceId("d"), new PastedToken(null, secret.Secret)),
            new SignIn.Start(new SignIn.Redeem(AuthWorld.HubAddress, secret.Secret, new DeviceId("d"), "tests", pairing), null),
            new SignIn.Outcome.In(stored),
            HubCalls.Refresh(AuthWorld.HubAddress, refresh.Secret, new DeviceId("d")),
            HubCalls.Redeem(AuthWorld.HubAddress, secret.Secret, new DeviceId("d"), "tests", secret.Secret),
            HubCalls.Me(AuthWorld.HubAddress, access),
            new CredentialRecord { AccessToken = secret.Secret },
        ];
        foreach (var carrier in carriers)
        {
            secret.ShouldBeAbsentFrom(carrier.ToString()!, carrier.GetType().FullName!);
        }
    }

    private static List<string> EveryWayIn(AuthWorld auth)
    {
        List<string> said = [];
        auth.Hub.AddCode(Codes[0]);
        Say(new Pair(AuthWorld.HubAddress, Codes[0], "tests", auth.Asker.Ref));
        auth.Asker.Expect<SignedIn>();
        auth.Refuse(1);
        auth.Asker.Expect<Verdict.TryAgain>();
        auth.World.Run(TimeSpan.FromMinutes(30));
        auth.Current().Token.ShouldNotBeNull();

        var token = auth.Hub.TokenToPaste(TimeSpan.FromDays(1));
        Say(new UseToken(AuthWorld.HubAddress, token, auth.Asker.Ref));
        auth.Asker.Expect<SignedIn>();
        Say(new UseToken(AuthWorld.HubAddress, token + "!", auth.Asker.Ref));
        auth.Asker.Expect<SignInRefused>();

        foreach (var code in Codes[1..])
        {
            auth.Hub.AddCode(code);
        }

        // Lost, crashed, late, refused, in a dead letter.
        auth.Hub.Lose = static _ => true;
        Say(new Pair(AuthWorld.HubAddress, Codes[1], "tests", auth.Asker.Ref));
        auth.Asker.Expect<SignInRefused>();
        auth.Hub.Lose = static _ => false;
        Say(new Pair(AuthWorld.HubAddress, Codes[1], "tests", auth.Asker.Ref));
        auth.Asker.Expect<SignedIn>();
        auth.Hub.Hold = static _ => true;
        Say(new Pair(AuthWorld.HubAddress, Codes[2], "tests", auth.Asker.Ref));
        auth.Refuse(auth.Current().Generation.Value);
        auth.World.RunUntil(() => auth.Hub.Held == 2).ShouldBeTrue();
        auth.Process.Crash(auth.Auth);
        auth.Asker.Expect<object>();
        auth.Asker.Expect<object>();
        auth.Hub.Hold = static _ => false;
        auth.Hub.Release();
        auth.World.Run(TimeSpan.FromMinutes(5));

        auth.Process.Kill();
        auth.Start();
        auth.Hub.IsGood(auth.Current().Token).ShouldBeTrue();
        auth.Process.System.Stop(auth.Auth);
        auth.World.Run(TimeSpan.FromSeconds(1));
        Say(new Pair(AuthWorld.HubAddress, Codes[3], "tests", auth.Asker.Ref));
        auth.World.Run(TimeSpan.FromSeconds(1));
        return said;

        void Say(object command)
        {
            said.Add(command.ToString()!);
            auth.Asker.Send(auth.Auth, command);
        }
    }
}
