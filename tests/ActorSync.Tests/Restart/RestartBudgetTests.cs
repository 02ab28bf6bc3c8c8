using ActorSync.Restart;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Restart;

public sealed class RestartBudgetTests
{
    private static readonly RestartLimit FiveInAMinute = new(5, TimeSpan.FromMinutes(1));

    [Fact]
    [Trait("criterion", "S6")]
    public void The_sixth_failure_within_a_minute_is_over_the_limit_and_an_old_one_does_not_count()
    {
        Spend(0, 10, 20, 30, 40, 50).ShouldBe([true, true, true, true, true, false]);
        Spend(0, 10, 20, 30, 40, 60).ShouldBe([true, true, true, true, true, true]);
        Spend(0, 1, 2, 3, 4, 5, 70).ShouldBe([true, true, true, true, true, false, true]);
    }

    [Fact]
    [Trait("criterion", "S6")]
    public void The_verdict_is_the_number_of_failures_in_the_window_that_ends_now() =>
        Prop.ForAll(
                Gen.Choose(0, 40).ArrayOf().ToArbitrary(),
                gaps =>
                {
                    var times = new List<int>();
                    foreach (var gap in gaps)
                    {
                        times.Add((times.Count > 0 ? times[^1] : 0) + gap);
                    }

                    var expected = times.Select((at, i) => times.Take(i + 1).Count(other => at - other < 60) <= 5);
                    return Spend([.. times]).SequenceEqual(expected);
                }
            )
            .QuickCheckThrowOnFailure();

    private static List<bool> Spend(params int[] seconds)
    {
        var budget = RestartBudget.Of(FiveInAMinute);
        var verdicts = new List<bool>();
        foreach (var at in seconds)
        {
            (budget, var within) = budget.Spend(TimeSpan.FromSeconds(at));
            verdicts.Add(within);
        }

        return verdicts;
    }
}
