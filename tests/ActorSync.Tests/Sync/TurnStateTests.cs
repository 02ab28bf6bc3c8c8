using ActorSync.Model;
using ActorSync.Sync;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Sync;

public sealed class TurnStateTests
{
    [Fact]
    public void The_priority_lane_goes_first_and_the_bulk_lane_comes_after_each_request()
    {
        var turns = new TurnState().Want(Lane.Bulk, 1).Want(Lane.Priority, 1);
        turns.Holder.ShouldBe(Lane.Bulk);

        turns = turns.Over(Lane.Bulk, 1, 70).Want(Lane.Bulk, 2);
        turns.Holder.ShouldBe(Lane.Priority);
        turns.HighestSent.ShouldBe(70);

        turns
            .Over(Lane.Priority, 1, 60)
            .ShouldSatisfyAllConditions(
                next => next.Holder.ShouldBe(Lane.Bulk),
                next => next.HolderNumber.ShouldBe(2),
                next => next.HighestSent.ShouldBe(70)
            );
    }

    [Fact]
    public void Whatever_lanes_do_one_holds_the_turn_at_most_and_nobody_who_asks_is_forgotten() =>
        Prop.ForAll(
                Gen.Choose(0, 5).ListOf().ToArbitrary(),
                steps =>
                {
                    var turns = new TurnState();
                    var asked = new Dictionary<Lane, long>();
                    long number = 0;
                    foreach (var step in steps)
                    {
                        var lane = (Lane)(step % 2);
                        switch (step / 2)
                        {
                            case 0 when !asked.ContainsKey(lane):
                                asked[lane] = ++number;
                                turns = turns.Want(lane, number);
                                break;
                            case 1 when asked.Remove(lane, out var mine):
                                turns = turns.Over(lane, mine, number);
                                break;
                            case 2:
                                asked.Remove(lane);
                                turns = turns.Gone(lane);
                                break;
                        }

                        if (
                            asked.Count > 0 != turns.Holder is not null
                            || (turns.Holder is { } holder && asked[holder] != turns.HolderNumber)
                        )
                        {
                            return false;
                        }
                    }

                    return true;
                }
            )
            .QuickCheckThrowOnFailure();
}
