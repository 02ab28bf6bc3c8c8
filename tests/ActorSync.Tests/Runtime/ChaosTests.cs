using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.TestKit;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

/// <summary>Actors fall at any message while a bad network is on: nothing is lost, nothing is doubled, everybody is answered.</summary>
public sealed class ChaosTests
{
    private static readonly string[] Victims = ["journal", "auth", "sync", "status", "sync/drain-priority", "sync/drain-bulk"];

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    [Trait("criterion", "S9")]
    public void After_any_crashes_everything_accepted_is_at_the_hub_once_in_the_order_of_its_key_and_no_question_is_open(int seed)
    {
        using var world = new ProfileWorld(seed, hocon: "actorsync.drain { max-operations = 7, backoff-max = 5s }");
        var random = world.World.Random;
        (world.Wire.LosesRequest, world.Wire.LosesAnswer, world.Wire.Duplicates) = (0.05, 0.1, 0.05);
        var asked = new List<(string What, Probe Asker)>();
        var accepted = new List<(string Id, string Key)>();
        var fell = new Dictionary<string, TimeSpan>(StringComparer.Ordinal);
        for (var step = 0; step < 60; step++)
        {
            var lane = random.Next(2) == 0 ? Lane.Priority : Lane.Bulk;
            var key = $"k{random.Next(8)}";
            Ask(
                $"enqueue {key}",
                asker =>
                    world.Journal.Tell(
                        new JournalProtocol.EnqueueMany(
                            [ProfileWorld.Operation(key, lane), ProfileWorld.Operation($"s{step}", lane)],
                            null,
                            asker
                        )
                    )
            );
            switch (random.Next(6))
            {
                case 0:
                    Ask("drain", asker => world.Profile.Tell(new SyncProtocol.DrainNow(Force: true, asker), asker));
                    break;
                case 1:
                    Ask("status", asker => world.Profile.Tell(new StatusProtocol.GetStatus(asker), asker));
                    break;
                case 2 when accepted.Count > 0:
                    var id = new OperationId(Guid.Parse(accepted[random.Next(accepted.Count)].Id));
                    Ask("explain", asker => world.Profile.Tell(new StatusProtocol.Explain(id, asker), asker));
                    break;
                case 3 or 4:
                    Crash(Victims[random.Next(Victims.Length)]);
                    break;
            }

            world.World.Run(TimeSpan.FromMilliseconds(random.Next(300)));
            Collect();
        }

        world.Wire.Heal();
        world.World.Run(TimeSpan.FromSeconds(90));
        Collect();

        asked.ShouldBeEmpty(world.World.Describe("questions without an answer"));
        world.Counts().Pending.ShouldBe(0, world.World.Describe("pending"));
        world.Rows(RowState.Dead).ShouldBeEmpty();
        var stored = world.Ours.ToList();
        accepted
            .Select(op => op.Id)
            .Except(stored.Select(op => op.OperationId), StringComparer.Ordinal)
            .ShouldBeEmpty("accepted and not at the hub");
        world.Applied.Distinct(StringComparer.Ordinal).Count().ShouldBe(world.Applied.Count(), "applied twice");
        foreach (var key in accepted.GroupBy(op => op.Key, StringComparer.Ordinal))
        {
            var inOrder = key.Select(op => op.Id).ToList();
            stored.Where(op => inOrder.Contains(op.OperationId)).Select(op => op.OperationId).ShouldBe(inOrder, $"order of {key.Key}");
        }

        // Spread out, so that no budget is spent: what follows that is tested by itself.
        void Crash(string name)
        {
            var victim = world.Child(name);
            if (!victim.IsNobody() && (!fell.TryGetValue(name, out var last) || world.World.Elapsed - last > TimeSpan.FromSeconds(13)))
            {
                fell[name] = world.World.Elapsed;
                world.World.Node.Crash(victim);
            }
            else
            {
                world.World.Run(TimeSpan.FromSeconds(random.Next(5)));
            }
        }

        void Ask(string what, Action<IActorRef> ask)
        {
            var probe = world.World.Probe();
            asked.Add((what, probe));
            ask(probe.Ref);
        }

        void Collect()
        {
            foreach (var (what, asker) in asked.Where(one => one.Asker.Waiting > 0).ToList())
            {
                asked.Remove((what, asker));
                if (asker.Expect<object>() is JournalProtocol.Stored stored)
                {
                    accepted.Add((stored.Accepted[0].OperationId.ToString(), what));
                }
            }
        }
    }
}
