using System.Buffers;
using ActorSync.Drain;
using ActorSync.Journal;
using ActorSync.Model;
using FsCheck;
using FsCheck.Fluent;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Drain;

public sealed class BatchPlanTests
{
    /// <summary>Keys of the rows, and which rows the hub cannot stand.</summary>
    private static readonly Arbitrary<(int[] Keys, HashSet<int> Poison)> Batches = (
        from count in Gen.Choose(1, 300)
        from keys in Gen.Choose(0, count).ArrayOf(count)
        from poison in Gen.Choose(0, count - 1).ArrayOf(3)
        from poisons in Gen.Choose(0, 3)
        select (keys, poison.Take(poisons).ToHashSet())
    ).ToArbitrary();

    [Fact]
    [Trait("criterion", "D5")]
    public void Every_row_is_accepted_or_stands_alone_or_waits_behind_one_that_does_and_keys_keep_their_order() =>
        Prop.ForAll(
                Batches,
                batch =>
                {
                    var (accepted, alone, requests) = Run(batch.Keys, batch.Poison);
                    var held = Enumerable.Range(0, batch.Keys.Length).Except(accepted).Except(alone);
                    return accepted.Intersect(batch.Poison).Any() is false
                        && alone.All(batch.Poison.Contains)
                        && held.All(row => alone.Any(bad => bad < row && batch.Keys[bad] == batch.Keys[row]))
                        && accepted.GroupBy(row => batch.Keys[row]).All(key => key.SequenceEqual(key.Order()))
                        && accepted.Distinct().Count() == accepted.Count;
                }
            )
            .QuickCheckThrowOnFailure();

    [Fact]
    [Trait("criterion", "D5")]
    public void One_poison_costs_no_more_requests_than_promised()
    {
        for (var count = 1; count <= 300; count++)
        {
            for (var poison = 0; poison < count; poison += Math.Max(1, count / 17))
            {
                var (accepted, alone, requests) = Run([.. Enumerable.Range(0, count)], [poison]);

                accepted.Count.ShouldBe(count - 1);
                alone.ShouldBe([poison]);
                (requests - 1).ShouldBeLessThanOrEqualTo((2 * (int)Math.Ceiling(Math.Log2(count))) + 2);
            }
        }
    }

    private static (List<int> Accepted, List<int> Alone, int Requests) Run(int[] keys, HashSet<int> poison)
    {
        var plan = new BatchPlan(Batch(keys));
        var (accepted, alone, requests) = (new List<int>(), new List<int>(), 0);
        while (plan.Next() is { } rows)
        {
            requests++;
            if (!rows.Any(poison.Contains))
            {
                accepted.AddRange(rows);
                plan.Done();
            }
            else if (rows.Length > 1)
            {
                plan.Halve();
            }
            else
            {
                alone.Add(rows[0]);
                plan.Done();
                plan.Hold(rows[0]);
            }
        }

        return (accepted, alone, requests);
    }

    private static PushBatch Batch(int[] keys) =>
        new(
            Lane.Bulk,
            1,
            1,
            new ArrayBufferWriter<byte>(),
            0,
            [
                .. keys.Select(
                    (key, i) => new PushBatch.Row(i, new OperationId(Guid.Empty), i, Lane.Bulk, new EntityKey(0, (ulong)key), 0, 0)
                ),
            ]
        );
}
