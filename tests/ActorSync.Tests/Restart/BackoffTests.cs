using ActorSync.Restart;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Restart;

public sealed class BackoffTests
{
    private static readonly BackoffLaw Law = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5));

    [Fact]
    [Trait("criterion", "D10")]
    public void The_ceiling_doubles_to_the_cap() =>
        Enumerable.Range(1, 12).Select(n => Law.Ceiling(n).TotalSeconds).ShouldBe([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);

    [Fact]
    [Trait("criterion", "D10")]
    public void Every_wait_lies_between_the_floor_and_the_ceiling_of_its_failure_and_a_success_resets() =>
        Prop.ForAll(
                Gen.Choose(1, 200).ToArbitrary(),
                Gen.Choose(0, 999_999).ToArbitrary(),
                (failures, millionths) =>
                {
                    var (next, wait) = new Backoff(Law, failures - 1).Fail(millionths / 1_000_000.0);
                    return next.Failures == failures
                        && wait >= Law.Floor
                        && wait <= (Law.Ceiling(failures) > Law.Floor ? Law.Ceiling(failures) : Law.Floor)
                        && next.Reset().Fail(0.999).Wait <= Law.Min;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    [Trait("criterion", "D11")]
    public void A_wish_of_the_hub_is_a_minimum_and_spreads_a_herd_behind_it() =>
        Prop.ForAll(
                Gen.Choose(0, 50).ToArbitrary(),
                Gen.Choose(0, 999_999).ToArbitrary(),
                Gen.Choose(0, 900).ToArbitrary(),
                (failures, millionths, seconds) =>
                {
                    var wish = TimeSpan.FromSeconds(seconds);
                    var wait = new Backoff(Law, failures).Fail(millionths / 1_000_000.0, wish).Wait;
                    return wait >= wish && wait <= TimeSpan.FromSeconds(Math.Max(Law.Max.TotalSeconds, (seconds * 1.1) + 1));
                }
            )
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(20)]
    [Trait("criterion", "D10")]
    public void A_thousand_clients_spread_over_the_window(int failures)
    {
        var random = new System.Random(7);
        var waits = Enumerable.Range(0, 1_000).Select(_ => new Backoff(Law, failures - 1).Fail(random.NextDouble()).Wait).ToList();

        (waits.Max() - waits.Min()).ShouldBeGreaterThan(Law.Ceiling(failures) * 0.5);
        // No twentieth of the window holds more than three times its share.
        waits.GroupBy(wait => (int)(wait / Law.Ceiling(failures) * 20)).Max(group => group.Count()).ShouldBeLessThan(150);
    }
}
