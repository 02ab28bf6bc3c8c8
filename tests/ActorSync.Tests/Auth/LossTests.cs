using ActorSync.Auth;
using ActorSync.Model;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

/// <summary>What the owner of a credential keeps of one that was lost.</summary>
public sealed class LossTests : IDisposable
{
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    [Trait("criterion", "A9")]
    public void A_loss_is_on_disk_before_it_is_told_and_a_killed_process_still_knows_when_and_why()
    {
        var paired = _auth.PairIt();
        Declare(paired.Generation);
        var at = _auth.World.Now;
        var told = _auth.LastTold;
        (told.Binding, told.Problem).ShouldBe((null, null));
        told.Lost.ShouldBe(new Loss(AuthWorld.HubAddress, "acc", "token_revoked", "revoked, pair again", told.Lost!.At));
        told.Lost.At.ShouldBeInRange(at - TimeSpan.FromSeconds(1), at + TimeSpan.FromSeconds(1));
        _auth.Current().Token.ShouldBeNull();

        _auth.Process.Kill();
        _auth.Start();

        _auth.Listener.Expect<CredentialChanged>().ShouldBe(told);
        _auth.Current().Lost.ShouldBe(told.Lost);
    }

    [Fact]
    [Trait("criterion", "A1")]
    public void Declaring_an_older_generation_lost_clears_nothing()
    {
        var first = _auth.PairIt();
        var second = _auth.PairIt("EFGH2345");
        var stored = _auth.Store.Content;

        Declare(first.Generation);

        _auth.Asker.Expect<LossRefused>().Code.ShouldBe("stale_generation");
        _auth.Store.Content.ShouldBe(stored);
        _auth.Current().Generation.ShouldBe(second.Generation);
    }

    [Fact]
    [Trait("criterion", "A9")]
    public void A_loss_that_cannot_be_stored_is_none()
    {
        var paired = _auth.PairIt();
        _auth.Store.Saving = _ => throw new CredentialUnavailableException("no disk", "buy one");

        Declare(paired.Generation);

        _auth.Asker.Expect<LossRefused>().Code.ShouldBe("credential_unavailable");
        _auth.Current().Token.ShouldNotBeNull();
    }

    [Fact]
    [Trait("criterion", "A10")]
    public void The_lost_token_is_given_to_the_right_alone_and_comes_back_as_a_new_generation()
    {
        var paired = _auth.PairIt();
        var token = _auth.Current().Token;
        Declare(paired.Generation);
        var lost = _auth.Ask<CurrentCredential>(me => new GetLostCredential(_auth.Authority, me));
        lost.Token.ShouldBe(token);
        _auth.Current().Token.ShouldBeNull();

        _auth.Asker.Send(_auth.Auth, new EndLoss(_auth.Authority, paired.Generation, _auth.Asker.Ref));
        _auth.Asker.Expect<LossRefused>().Code.ShouldBe("stale_generation");
        _auth.Asker.Send(_auth.Auth, new EndLoss(_auth.Authority, lost.Generation, _auth.Asker.Ref));

        _auth.Current().Token.ShouldBe(token);
        _auth.Current().Generation.ShouldBe(new CredentialGeneration(lost.Generation.Value + 1));
        (_auth.LastTold.Lost, _auth.LastTold.Binding?.CanRefresh).ShouldBe((null, true));
    }

    [Fact]
    public void A_sign_out_forgets_what_was_lost_and_a_copied_folder_does_not_use_it()
    {
        Declare(_auth.PairIt().Generation);
        _auth.Process.Kill();
        _auth.Device = new DeviceId("the-copy");
        _auth.Start();
        _auth.Ask<CurrentCredential>(me => new GetLostCredential(_auth.Authority, me)).Token.ShouldBeNull();

        _auth.Ask<SignedOut>(me => new SignOut(me));

        _auth.Store.Content.Loss.ShouldBeNull();
        _auth.LastTold.Lost.ShouldBeNull();
    }

    private void Declare(CredentialGeneration generation)
    {
        _auth.Asker.Send(_auth.Auth, new DeclareLost(_auth.Authority, generation, "token_revoked", "revoked, pair again", _auth.Asker.Ref));
        _auth.World.Run(TimeSpan.FromMilliseconds(10));
    }
}
