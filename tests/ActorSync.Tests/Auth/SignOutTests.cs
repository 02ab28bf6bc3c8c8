using ActorSync.Auth;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class SignOutTests : IDisposable
{
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    public void A_sign_out_ends_a_sign_in_that_hangs()
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.Hub.AnswersThoughCancelled = true;
        _auth.Hub.Hold = _ => true;
        var other = _auth.Process.Probe("other");
        other.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", other.Ref));
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();

        _auth.Ask<SignedOut>(me => new SignOut(me));
        other.Expect<SignInRefused>().Code.ShouldBe("superseded");
        _auth.Hub.Release();
        _auth.World.Run(TimeSpan.FromSeconds(1));
        _auth.Current().Token.ShouldBeNull();
    }

    [Fact]
    [Trait("criterion", "A11")]
    public void Sign_out_takes_the_secret_keeps_the_hub_and_sends_nothing_more()
    {
        var paired = _auth.PairIt();
        var calls = _auth.Hub.Calls.Count;

        var signedOut = _auth.Ask<SignedOut>(me => new SignOut(me));

        signedOut.Generation.ShouldBe(new CredentialGeneration(paired.Generation.Value + 1));
        _auth.Store.Content.ShouldBe(
            new StoredCredential
            {
                Generation = signedOut.Generation,
                Hub = AuthWorld.HubAddress,
                Account = "acc",
                Handle = "me",
                Device = _auth.Device,
            }
        );
        _auth.LastTold.ShouldBe(new CredentialChanged(signedOut.Generation, null, null));
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.Count.ShouldBe(calls);

        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(3));
    }

    [Fact]
    public void A_generation_is_used_once_also_across_sign_outs_and_processes()
    {
        _auth.PairIt();
        _auth.Ask<SignedOut>(me => new SignOut(me));
        _auth.Process.Kill();
        _auth.Start();
        _auth.Listener.Expect<CredentialChanged>().ShouldBe(new CredentialChanged(new CredentialGeneration(2), null, null));
        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(3));
    }

    [Fact]
    public void A_copied_folder_does_not_use_the_originals_tokens_and_can_be_paired()
    {
        _auth.PairIt();
        _auth.Process.Kill();
        _auth.Device = new DeviceId("the-copy");
        _auth.Hub.Calls.Clear();
        _auth.Start();

        _auth.Current().Token.ShouldBeNull();
        _auth.LastTold.Problem.ShouldNotBeNull().ShouldContain("another installation");
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.ShouldBeEmpty();
        _auth.PairIt("EFGH2345").Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Current().Problem.ShouldBeNull();
    }
}
