using ActorSync.Auth;
using ActorSync.Hosting;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Status;
using ActorSync.Sync;
using Shouldly;
using Xunit;
using static ActorSync.Drain.DrainProtocol;

namespace ActorSync.Tests.Status;

/// <summary>What a gate that is closed makes of health: whoever is meant to send and does not is never idle, and never green.</summary>
public sealed class ClosedGateTests
{
    private const string Why = "the credential could not be renewed: no answer";
    private static readonly DateTimeOffset Retry = new(2030, 1, 1, 0, 0, 30, TimeSpan.Zero);
    private static readonly Moment Now = new(TimeSpan.FromHours(1), Retry - TimeSpan.FromSeconds(30));

    public static TheoryData<string> Reasons => new(Enum.GetNames<GateReason>());

    [Theory]
    [MemberData(nameof(Reasons))]
    [Trait("criterion", "H1")]
    [Trait("criterion", "D15")]
    public void Each_reason_of_a_closed_gate_has_its_state_whatever_the_lanes_said_before(string name)
    {
        var reason = Enum.Parse<GateReason>(name);
        foreach (var isPaused in new[] { false, true })
        {
            foreach (var view in Lanes())
            {
                var pause = isPaused ? new SyncProtocol.Pause("sync_disabled", "switched off", Now.Wall, Retry) : null;
                var model = Model(new Gate.Closed(reason, Why, Retry), pause, view);

                var (_, health) = model.Judge(Now);

                health.State.ShouldBe(
                    reason is GateReason.Local or GateReason.NoServer or GateReason.NoCredential or GateReason.Offline ? "OFF"
                    : isPaused ? "PAUSED"
                    : "ERR"
                );
                health.Reason.ShouldBe(health.State == "PAUSED" ? "switched off" : Why);
                health.Lanes.Values.ShouldAllBe(lane => lane.State == health.State && lane.Reason == health.Reason);
                health.NextRetry.ShouldBe(Retry);
                Notices.Of(model, health.State).ShouldNotBeNull();
            }
        }
    }

    [Fact]
    [Trait("criterion", "A9")]
    [Trait("criterion", "H1")]
    public void A_process_without_the_network_shows_what_was_lost_and_when()
    {
        var lost = new AuthProtocol.Loss(new Uri("https://hub.test"), "ada", "token_revoked", "revoked at noon", Now.Wall);
        var model = Model(new Gate.Closed(GateReason.Offline, Why), pause: null, new LaneView());
        model = model with { Sync = model.Sync! with { Lost = lost } };

        var (_, health) = model.Judge(Now);
        var shown = model.Snapshot(health, Now);

        (health.State, health.Reason).ShouldBe(("PAUSED", "revoked at noon"));
        (shown.Auth.State, shown.Auth.Reason, shown.Auth.LostAt).ShouldBe(("lost", "revoked at noon", Now.Wall));
        shown.Notice.ShouldNotBeNull().Code.ShouldBe("token_revoked");
    }

    [Fact]
    public void Lanes_that_rest_because_there_is_no_credential_have_not_crashed()
    {
        var lost = new AuthProtocol.Loss(new Uri("https://hub.test"), "ada", "token_revoked", "revoked", Now.Wall);
        var down = new LaneView { Kept = new ChildView(Up: false, 0, null, null, Exhausted: false) };
        var model = Model(new Gate.Closed(GateReason.Paused, Why), pause: null, down);
        var resting = model with { Sync = model.Sync! with { Lost = lost } };

        model.Snapshot(model.Judge(Now).Health, Now).Drain.LastError.ShouldNotBeNull();
        resting.Snapshot(resting.Judge(Now).Health, Now).Drain.LastError.ShouldBeNull();
    }

    // Never heard of; silent; fresh proof of everything.
    private static IEnumerable<LaneView> Lanes() => [new(), Looked(Now with { Steady = TimeSpan.Zero }, hub: null), Looked(Now, hub: Now)];

    private static LaneView Looked(Moment at, Moment? hub) =>
        new()
        {
            Report = new LaneReport(
                Lane.Priority,
                Passing: false,
                Skipped: null,
                LookedAt: at,
                TriedAt: at,
                HubAt: hub,
                Error: null,
                NextTry: null,
                TimeSpan.FromSeconds(30),
                Pending: 0,
                InFlight: null,
                LaneTotals.None
            ),
        };

    private static StatusModel Model(Gate gate, SyncProtocol.Pause? pause, LaneView view) =>
        new("default", new DeviceId("here"), SyncOptionsReader.Read("data", ""))
        {
            Sync = new SyncProtocol.SyncReport(
                SyncMode.Hybrid,
                new Uri("https://hub.test"),
                gate,
                pause,
                new CredentialGeneration(1),
                new AuthProtocol.Binding(new Uri("https://hub.test"), "ada", "ada", null, CanRefresh: true),
                Now,
                null,
                null
            ),
            Priority = view,
            Bulk = view,
        };
}
