using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ActorSync.Auth;
using ActorSync.Journal;
using ActorSync.Sync;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using ActorSync.Tests.Sync;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Pull;

/// <summary>Two accounts, one after the other, on one device: the second one's hub never hears of the first.</summary>
[Trait("criterion", "A12")]
public sealed class OtherAccountReplicaTests
{
    [Fact]
    public void What_one_account_had_is_in_no_request_of_another()
    {
        using var world = new SignedInWorld();
        world.Tree.Enqueue(20, prefix: "secret");
        world.Tree.Drained();
        world.Tree.Elsewhere("secret-theirs", 500, "\"theirs\"");
        world.Tree.Elsewhere("secret3", 501, "null", "delete");
        world.Tree.IsEqualSoon().ShouldBeTrue();
        BobHas(world, "bobs");
        world.Tree.Change("mode", "local");
        var unsent = world.Tree.Enqueue(3, prefix: "late");
        world.Tree.Ask<AuthProtocol.SignedOut>(world.Tree.Profile, asker => new AuthProtocol.SignOut(asker));
        world.Tree.Change("mode", "hybrid");

        world.Pair("bob");
        world.World.Run(TimeSpan.FromSeconds(5));
        world.Tree.Note("secret5").ShouldNotBeNull("nothing is forgotten before the choice is made");
        Adopt(world, "bob");

        IsBobsSoon(world).ShouldBeTrue(world.World.Describe("not equal"));
        Told(world, world.Store.Content.Access!.Secret).ShouldNotContain("secret");
        Log(world, "bob").Where(static x => x.Device != "bobs").Select(static x => x.OperationId).ShouldBe(unsent, ignoreOrder: true);
        OfBob(world).ShouldNotContain(static x => x.Status == 410);
        world.Tree.Note("secret5").ShouldBeNull();
        world.Tree.Note("bobs").ShouldNotBeNull();
    }

    [Fact]
    public void Whenever_the_account_changes_and_whatever_falls_the_other_hub_is_told_nothing_of_the_first()
    {
        var resyncs = 0;
        for (var seed = 1; seed <= 25; seed++)
        {
            using var world = new SignedInWorld(seed, hocon: "actorsync.drain.max-operations = 7\nactorsync.journal.fold-operations = 3");
            var chance = new Random(seed);
            world.Tree.Wire.MaxLatency = TimeSpan.FromMilliseconds(chance.Next(5, 60));
            world.Tree.Enqueue(chance.Next(1, 60), prefix: "secret");
            for (var i = 0; i < chance.Next(40); i++)
            {
                world.Tree.Elsewhere($"secret-theirs{i}", 100 + i, "\"theirs\"");
            }

            BobHas(world, "bobs");
            if (chance.Next(2) == 0)
            {
                world.Tree.Drained();
                var adas = world.Store.Content.Access!.Secret;
                world.Hub.Next(Misbehaviour.Resync, 1, x => x.IsPull && x.Bearer == adas);
                resyncs++;
            }

            world.World.Run(TimeSpan.FromMilliseconds(chance.Next(400)));
            var victim = new[] { "journal", "sync/pull", "sync" }[chance.Next(3)];
            world.Pair("bob");
            world.World.Node.CrashAt(world.Tree.PathOf(victim).ToStringWithoutAddress(), chance.Next(1, 60), (CrashWhen)chance.Next(2));
            world.World.Run(TimeSpan.FromMilliseconds(chance.Next(3000)));
            var unsent = Patiently<JournalProtocol.Rows>(
                world,
                asker => world.Tree.Journal.Tell(new JournalProtocol.ListOperations(RowState.Pending, 0, 1000, asker))
            )
                .Items.Select(static x => $"{x.OperationId}")
                .ToImmutableHashSet();
            Adopt(world, "bob");

            IsBobsSoon(world).ShouldBeTrue(world.World.Describe($"seed {seed}: not equal"));
            Log(world, "bob").Where(static x => x.Device != "bobs").ShouldAllBe(x => unsent.Contains(x.OperationId), $"seed {seed}");
            var told = Told(world, world.Store.Content.Access!.Secret);
            world.Hub.AccountNamed("ada").Log.ShouldAllBe(x => unsent.Contains(x.OperationId) || !told.Contains(x.OperationId));
            OfBob(world).ShouldNotContain(static x => x.Status == 410, $"seed {seed}");
        }

        resyncs.ShouldBeInRange(3, 22);
    }

    private static void BobHas(SignedInWorld world, string id) =>
        world
            .Hub.AccountNamed("bob")
            .Push(
                JsonDocument
                    .Parse(
                        $$"""{"device_id":"bobs","clock":9,"ops":[{"operation_id":"01890000-0000-7000-8000-0000000000b0","lamport_ts":9,"entity":"note","entity_id":"{{id}}","op":"set","payload":1}]}"""
                    )
                    .RootElement
            );

    private static IReadOnlyList<HubOperation> Log(SignedInWorld world, string account) => world.Hub.AccountNamed(account).Log;

    private static IEnumerable<HubExchange> OfBob(SignedInWorld world) =>
        world.Hub.Exchanges.Where(x => x.Request.Bearer == world.Store.Content.Access!.Secret);

    /// <summary>Everything that was said to the hub with this credential.</summary>
    private static string Told(SignedInWorld world, string token)
    {
        var told = new StringBuilder();
        foreach (var request in world.Hub.Exchanges.Select(static x => x.Request).Where(x => x.Bearer == token))
        {
            told.Append(request.Path).AppendJoin('&', request.Query).AppendLine(Encoding.UTF8.GetString(request.Body));
        }

        return told.ToString();
    }

    private static bool IsBobsSoon(SignedInWorld world)
    {
        var end = world.World.Elapsed + TimeSpan.FromMinutes(5);
        while (
            Patiently<JournalCounts>(world, asker => world.Tree.Journal.Tell(new JournalProtocol.GetCounts(asker))).Pending > 0
            || Digest(world) != world.Hub.AccountNamed("bob").Merged().Digest
        )
        {
            if (world.World.Elapsed > end)
            {
                return false;
            }

            world.World.Run(TimeSpan.FromMilliseconds(250));
        }

        return true;
    }

    private static void Adopt(SignedInWorld world, string account) =>
        Patiently<JournalProtocol.Settings>(
            world,
            asker =>
                world.Tree.Profile.Tell(
                    new SyncProtocol.ChangeSettings(
                        ImmutableSortedDictionary<string, string?>.Empty.Add(SyncSettings.QueueAccountKey, account),
                        asker
                    )
                )
        );

    private static string Digest(SignedInWorld world) =>
        Patiently<JournalProtocol.ReplicaDigested>(world, asker => world.Tree.Journal.Tell(new JournalProtocol.GetDigest(asker))).Digest;

    /// <summary>Asks until it is answered: the one who is asked may be falling.</summary>
    private static T Patiently<T>(SignedInWorld world, Action<IActorRef> ask)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            var probe = world.World.Probe();
            ask(probe.Ref);
            world.World.RunUntil(() => probe.Received.Count > 0, TimeSpan.FromSeconds(2));
            if (probe.Received.OfType<T>().FirstOrDefault() is { } answer)
            {
                return answer;
            }

            world.World.Run(TimeSpan.FromMilliseconds(100));
        }

        throw new InvalidOperationException(world.World.Describe($"nobody answered with {typeof(T).Name}"));
    }
}
