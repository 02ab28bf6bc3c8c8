using ActorSync.Auth;
using ActorSync.Diagnostics;
using ActorSync.Model;
using Akka.Event;
using Shouldly;
using Xunit;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Tests.Auth;

public sealed class AuthStorageTests : IDisposable
{
    private const string Refresh = "/v1/auth/refresh";
    private readonly AuthWorld _auth = new();

    public void Dispose() => _auth.Dispose();

    [Fact]
    public void A_sign_in_that_cannot_be_stored_is_refused_and_can_be_repeated()
    {
        _auth.Hub.AddCode(AuthWorld.GoodCode);
        _auth.Store.Saving = credential =>
        {
            if (credential.Access is not null)
            {
                throw new CredentialUnavailableException("the disk is full", "make room") { DiskFull = true };
            }
        };
        var refused = _auth.RefusedPair(AuthWorld.GoodCode);
        refused.Code.ShouldBe("credential_unavailable");
        refused.Remedy.ShouldBe("make room");
        _auth.Current().Token.ShouldBeNull();

        _auth.Store.Saving = static _ => { };
        _auth.Ask<SignedIn>(me => new Pair(AuthWorld.HubAddress, AuthWorld.GoodCode, "tests", me));
        _auth.World.Log.Count(LogLevel.ErrorLevel).ShouldBe(0);
    }

    [Fact]
    public void A_sign_out_that_cannot_be_stored_says_so_and_changes_nothing()
    {
        _auth.PairIt();
        var before = _auth.Current();
        _auth.Store.Saving = static _ => throw new CredentialUnavailableException("read-only", "remount it");
        _auth.Ask<SignOutRefused>(me => new SignOut(me)).Remedy.ShouldBe("remount it");
        _auth.Current().ShouldBe(before);
    }

    [Fact]
    public void A_refresh_is_not_sent_when_its_answer_could_not_be_stored()
    {
        _auth.PairIt();
        _auth.Store.Saving = static _ => throw Full();
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.Class.ShouldBe(ErrorClass.StorageFull);
        _auth.Hub.Count(Refresh).ShouldBe(0);

        _auth.Store.Saving = static _ => { };
        _auth.Reaches(2, TimeSpan.FromMinutes(1)).ShouldBeTrue();
    }

    [Fact]
    [Trait("criterion", "A4")]
    public void A_refreshed_token_that_the_disk_does_not_take_is_kept_and_stored_when_there_is_room()
    {
        _auth.PairIt();
        _auth.Store.Saving = credential =>
        {
            if (credential.Generation.Value == 2)
            {
                throw Full();
            }
        };
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>().Failure.Class.ShouldBe(ErrorClass.StorageFull);
        _auth.Current().Generation.ShouldBe(new CredentialGeneration(1));

        // Far beyond the grace: the old refresh token would revoke the family by now.
        _auth.World.Run(TimeSpan.FromMinutes(10));
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.NotNow>();
        _auth.Hub.Count(Refresh).ShouldBe(1);

        _auth.Store.Saving = static _ => { };
        _auth.Refuse(1);
        _auth.Asker.Expect<Verdict.TryAgain>().Generation.ShouldBe(new CredentialGeneration(2));
        _auth.Hub.IsGood(_auth.Current().Token).ShouldBeTrue();
        _auth.Hub.Count(Refresh).ShouldBe(1);
    }

    private static CredentialUnavailableException Full() => new("the disk is full", "make room") { DiskFull = true };
}
