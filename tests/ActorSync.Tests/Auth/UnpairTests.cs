using ActorSync.Auth;
using ActorSync.Wire;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

/// <summary>A device that leaves tells the hub so, however long it takes, and makes no other call.</summary>
[Trait("criterion", "A11")]
public sealed class UnpairTests : IDisposable
{
    private const string Self = "/v1/auth/devices/self";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    public void The_secret_is_gone_at_once_and_the_hub_is_asked_once_with_the_token_that_it_had()
    {
        _auth.PairIt();
        var token = _auth.Current().Token;
        _auth.Hub.Calls.Clear();

        _auth.Ask<SignedOut>(me => new Unpair(me));

        _auth.Store.Content.Access.ShouldBeNull();
        _auth.Store.Content.Refresh.ShouldBeNull();
        _auth.Store.Content.Hub.ShouldBe(AuthWorld.HubAddress);
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.ShouldHaveSingleItem().Path.ShouldBe(Self);
        _auth.Hub.Calls[0].Token.ShouldBe(token);
        _auth.Store.Content.Debt.ShouldBeNull();
        _auth.Hub.IsGood(token).ShouldBeFalse();
    }

    [Fact]
    public void What_the_hub_could_not_be_told_is_a_debt_that_a_later_process_pays()
    {
        _auth.PairIt();
        var token = _auth.Current().Token;
        _auth.Hub.Instead = _ => new HubReply.Failed(AccountHub.Reset);
        _auth.Ask<SignedOut>(me => new Unpair(me));
        _auth.World.Run(TimeSpan.FromMinutes(2));
        _auth.Hub.Count(Self).ShouldBeInRange(3, 60);
        _auth.Store.Content.Debt.ShouldNotBeNull().Token.ShouldBe(token);
        _auth.Current().Token.ShouldBeNull();

        _auth.Process.Kill();
        _auth.Hub.Instead = static _ => null;
        _auth.Hub.Calls.Clear();
        _auth.Start();
        _auth.World.Run(TimeSpan.FromHours(1));

        _auth.Hub.Calls.ShouldHaveSingleItem().Path.ShouldBe(Self);
        _auth.Store.Content.Debt.ShouldBeNull();
    }

    [Fact]
    public void A_debt_ends_when_its_token_does()
    {
        _auth.PairIt();
        _auth.Hub.Instead = _ => new HubReply.Failed(AccountHub.Reset);
        _auth.Ask<SignedOut>(me => new Unpair(me));

        _auth.World.Run(_auth.Hub.Life + TimeSpan.FromMinutes(10));

        _auth.Store.Content.Debt.ShouldBeNull();
        var calls = _auth.Hub.Calls.Count;
        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Calls.Count.ShouldBe(calls);
    }

    [Fact]
    public void A_pairing_waits_for_the_word_that_is_on_its_way_and_is_not_ended_by_it()
    {
        _auth.PairIt();
        _auth.Hub.Hold = call => call.Path == Self;
        _auth.Ask<SignedOut>(me => new Unpair(me));
        _auth.World.RunUntil(() => _auth.Hub.Held == 1).ShouldBeTrue();
        _auth.Hub.AddCode("EFGH2345");
        _auth.Asker.Send(_auth.Auth, new Pair(AuthWorld.HubAddress, "EFGH2345", "tests", _auth.Asker.Ref));
        _auth.World.Run(TimeSpan.FromSeconds(1));
        _auth.Hub.Count("/v1/auth/devices/redeem").ShouldBe(1, "the new one waits");

        _auth.Hub.Release();
        _auth.Asker.Expect<SignedIn>();

        _auth.World.Run(TimeSpan.FromHours(1));
        _auth.Hub.Count(Self).ShouldBe(1);
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
    }

    [Fact]
    public void A_pairing_takes_the_place_of_a_debt_that_waits()
    {
        _auth.PairIt();
        _auth.Hub.Instead = call => call.Path == Self ? new HubReply.Failed(AccountHub.Reset) : null;
        _auth.Ask<SignedOut>(me => new Unpair(me));
        _auth.World.Run(TimeSpan.FromSeconds(20));
        _auth.PairIt("EFGH2345");
        var told = _auth.Hub.Count(Self);
        _auth.Hub.Instead = static _ => null;

        _auth.World.Run(TimeSpan.FromHours(1));

        _auth.Hub.Count(Self).ShouldBe(told);
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
    }

    [Fact]
    public void An_unpairing_that_cannot_be_stored_changes_nothing()
    {
        _auth.PairIt();
        var stored = _auth.Store.Content;
        _auth.Store.Saving = _ => throw new CredentialUnavailableException("no disk", "buy one");

        _auth.Ask<SignOutRefused>(me => new Unpair(me)).Code.ShouldBe("credential_unavailable");

        _auth.Store.Content.ShouldBe(stored);
        _auth.Hub.Count(Self).ShouldBe(0);
    }
}
