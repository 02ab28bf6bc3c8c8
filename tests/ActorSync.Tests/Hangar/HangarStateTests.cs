using ActorSync.Hangar;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Restart;
using ActorSync.Sync;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Hangar;

public sealed class HangarStateTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(6);
    private static readonly BackoffLaw Law = new(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1));
    private static readonly Uri Hub = new("https://hub.test");

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 50)];

    [Theory]
    [MemberData(nameof(Seeds))]
    [Trait("criterion", "G1")]
    [Trait("criterion", "G4")]
    public void Whatever_happens_it_always_has_a_next_time_within_its_laws_and_its_counters_only_grow(int seed)
    {
        var random = new Random(seed);
        var now = new Moment(TimeSpan.Zero, DateTimeOffset.UnixEpoch);
        var state = new HangarState(Interval, new Backoff(Law)).With(HangarMemory.None, now);
        state.IsDue(now).ShouldBeTrue("nothing was ever pushed");
        for (var step = 0; step < 300; step++)
        {
            now += TimeSpan.FromSeconds(random.Next(40_000));
            var before = state;
            var failures = before.Backoff.Failures;
            string? skip = null;
            switch (random.Next(6))
            {
                case 0:
                    state = state.Pushed($"digest {step}", now);
                    (state.Error, state.Skip, state.IsHeld, state.Memory.SucceededAt).ShouldBe((null, null, before.IsHeld, now.Wall));
                    break;
                case 1:
                    state = state.Failed(
                        "no",
                        now,
                        random.NextDouble(),
                        random.Next(3) == 0 ? TimeSpan.FromMinutes(random.Next(15)) : null
                    );
                    state.Error.ShouldBe("no");
                    break;
                case 2:
                    state = state.Refused("refused", now);
                    break;
                case 3:
                    string[] all = ["empty", "partial", "unchanged", "local", "no_server", "not_signed_in", "paused", "offline"];
                    skip = all[random.Next(all.Length)];
                    state = state.Skipped(skip, "text", now, random.NextDouble());
                    state.IsHeld.ShouldBe(HangarSkip.IsOfTheGate(skip));
                    break;
                case 4:
                    var open = random.Next(2) == 0;
                    Gate gate = open ? new Gate.Open(Hub) : new Gate.Closed(GateReason.Local, "local");
                    state = state.GateIs(gate, elsewhere: random.Next(4) == 0, now);
                    (state.IsDue(now) || !open || !before.IsHeld).ShouldBeTrue("what was held goes on when the gate opens");
                    break;
                default:
                    state = new HangarState(Interval, new Backoff(Law)).After(state.Report(HangarActivity.Resting)).With(state.Memory, now);
                    (state.NextAt, state.IsHeld).ShouldBe((before.NextAt, HangarSkip.IsOfTheGate(before.Skip)));
                    break;
            }

            state.NextAt.ShouldNotBeNull();
            (state.NextAt.Value.Steady - now.Steady).ShouldBeLessThanOrEqualTo(Interval);
            if (state.Backoff.Failures > failures)
            {
                (state.NextAt.Value.Steady - now.Steady).ShouldBeGreaterThanOrEqualTo(Law.Floor, "no tight loop");
            }

            var (then, was) = (state.Tally, before.Tally);
            (then.Pushes >= was.Pushes && then.Skips >= was.Skips && then.Failures >= was.Failures).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData(false, 3, "new", "partial")]
    [InlineData(false, 0, "new", "partial")]
    [InlineData(true, 0, "new", "empty")]
    [InlineData(true, 3, "known", "unchanged")]
    [InlineData(true, 3, "new", null)]
    [Trait("criterion", "G2")]
    [Trait("criterion", "G3")]
    public void Only_what_is_whole_and_new_is_worth_a_request(bool complete, int items, string digest, string? skip)
    {
        var state = new HangarState(Interval, new Backoff(Law)) { Memory = new HangarMemory("known", null) };

        state.SkipFor(new HangarSnapshot(default, items, "of the items", complete, null), digest).ShouldBe(skip);
    }

    [Fact]
    [Trait("criterion", "G3")]
    public void What_another_hub_account_or_device_has_is_not_what_this_one_has()
    {
        string[] all =
        [
            HangarMemory.DigestOf("d", Hub, "ada", new DeviceId("1")),
            HangarMemory.DigestOf("e", Hub, "ada", new DeviceId("1")),
            HangarMemory.DigestOf("d", new Uri("https://other.test"), "ada", new DeviceId("1")),
            HangarMemory.DigestOf("d", Hub, "grace", new DeviceId("1")),
            HangarMemory.DigestOf("d", Hub, null, new DeviceId("1")),
            HangarMemory.DigestOf("d", Hub, "ada", new DeviceId("2")),
        ];

        all.Distinct(StringComparer.Ordinal).Count().ShouldBe(all.Length);
    }
}
