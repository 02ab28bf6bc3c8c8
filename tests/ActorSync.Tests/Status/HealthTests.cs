using ActorSync.Status;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Status;

public sealed class HealthTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan?[] Ages = [null, TimeSpan.Zero, Lease, Lease + TimeSpan.FromTicks(1)];
    private static readonly bool[] Either = [false, true];

    /// <summary>What DESIGN says, said a second time in another way: the condition of each state without regard to the ones before it.</summary>
    private static readonly (Health State, Func<HealthInputs, bool> When)[] Meaning =
    [
        (Health.Off, x => x.Off != null),
        (Health.Paused, x => x.Paused != null),
        (Health.Idle, x => !x.Tried),
        (Health.Err, x => x.Error != null),
        (Health.Ok, x => x.HubAge <= x.Lease && x.LookAge <= x.Lease && (x.OldestAge == null || x.OldestAge <= x.Lease)),
        (Health.Stale, _ => true),
    ];

    [Fact]
    [Trait("criterion", "H1")]
    public void Every_combination_of_inputs_has_the_state_that_its_meaning_says()
    {
        var seen = new Dictionary<Health, int>();
        foreach (var inputs in Combinations())
        {
            var (state, reason) = HealthState.Judge(inputs);

            state.ShouldBe(Meaning.First(row => row.When(inputs)).State, inputs.ToString());
            reason.ShouldNotBeNullOrWhiteSpace();
            seen[state] = seen.GetValueOrDefault(state) + 1;
        }

        seen.Count.ShouldBe(6);
        seen[Health.Ok].ShouldBe(2 * 2 * 3, "no other combination is green");
    }

    [Fact]
    [Trait("criterion", "H1")]
    public void The_whole_is_as_bad_as_its_worst_lane_and_an_untried_lane_hides_nothing()
    {
        foreach (var a in Enum.GetValues<Health>())
        {
            foreach (var b in Enum.GetValues<Health>())
            {
                var both = HealthState.Overall([a, b]);

                both.ShouldBe(HealthState.Overall([b, a]));
                if (a == b)
                {
                    both.ShouldBe(a);
                }
                else if (a is not Health.Idle && b is not Health.Idle)
                {
                    both.ShouldBe(a < b ? a : b);
                }
                else
                {
                    both.ShouldBe(
                        (a is Health.Idle ? b : a) is Health.Ok ? Health.Idle
                        : a is Health.Idle ? b
                        : a
                    );
                }
            }
        }
    }

    [Theory]
    [InlineData(1, 60)]
    [InlineData(30, 60)]
    [InlineData(45, 90)]
    [InlineData(300, 600)]
    [Trait("criterion", "H1")]
    public void The_lease_is_twice_the_interval_and_a_minute_at_least(int interval, int lease) =>
        HealthState.Lease(TimeSpan.FromSeconds(interval)).ShouldBe(TimeSpan.FromSeconds(lease));

    private static IEnumerable<HealthInputs> Combinations() =>
        from off in Either
        from paused in Either
        from tried in Either
        from error in Either
        from hub in Ages
        from look in Ages
        from oldest in Ages
        select new HealthInputs(off ? "off" : null, paused ? "paused" : null, tried, error ? "error" : null, hub, look, oldest, Lease);
}
