using ActorSync.Auth;
using ActorSync.Hangar;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.TestKit;
using ActorSync.Tests.Hangar;
using Akka.Actor;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Runtime;

/// <summary>Each actor of a profile falls at its first, second, … 50th message since its last fall, while the profile works. What came of it is asked of the hub's own log.</summary>
public sealed class EveryMessageTests
{
    private const int Messages = 50;

    public static TheoryData<string, CrashWhen> Falls =>
        new()
        {
            // Thrown in its own hands, the journal answers itself; FailingTests shows that.
            { "journal", CrashWhen.After },
            { "auth", CrashWhen.After },
            { "auth", CrashWhen.Instead },
            { "sync", CrashWhen.After },
            { "sync", CrashWhen.Instead },
            { "sync/drain-priority", CrashWhen.After },
            { "sync/drain-priority", CrashWhen.Instead },
            { "sync/drain-bulk", CrashWhen.After },
            { "sync/drain-bulk", CrashWhen.Instead },
            { "sync/pull", CrashWhen.After },
            { "sync/pull", CrashWhen.Instead },
            { "hangar", CrashWhen.After },
            { "hangar", CrashWhen.Instead },
            { "network", CrashWhen.After },
            { "network", CrashWhen.Instead },
            { "status", CrashWhen.After },
            { "status", CrashWhen.Instead },
        };

    [Theory]
    [MemberData(nameof(Falls))]
    [Trait("criterion", "S9")]
    public void An_actor_that_falls_at_any_message_loses_nothing_doubles_nothing_and_leaves_nobody_waiting(string actor, CrashWhen when)
    {
        using var run = new Run();
        for (var message = 1; message <= Messages; message++)
        {
            run.FallAt(actor, message, when);
        }

        run.Judge();
    }

    /// <summary>A profile with its real credential owner, somebody who works with it, and what he was told.</summary>
    private sealed class Run : IDisposable
    {
        private readonly HangarWorld _world;
        private readonly MemoryCredentialStore _store = new();
        private readonly List<(string What, Probe Asker)> _asked = [];
        private readonly List<(string Id, string Key)> _accepted = [];
        private int _step;

        public Run()
        {
            _world = new HangarWorld(
                "actorsync.drain { max-operations = 7, backoff-max = 5s }",
                start: false,
                children: made => made with { Auth = RealAuth },
                pull: true
            );
            _world.Hub.AccessLife = TimeSpan.FromSeconds(40);
            _world.Start();
            var code = _world.Hub.NewPairingCode();
            _world
                .Profile.Ask<object>(Profile, asker => new AuthProtocol.Pair(ProfileWorld.HubAddress, code, "a device", asker))
                .ShouldBeOfType<AuthProtocol.SignedIn>();
        }

        private TimeSpan PullInterval => _world.Profile.Options.Drain.Presets[_world.Profile.Options.Drain.Preset].PullInterval;

        private World World => _world.World;

        private IActorRef Profile => _world.Profile.Profile;

        public void FallAt(string actor, int message, CrashWhen when)
        {
            var crash = World.Node.CrashAt(_world.Profile.PathOf(actor).ToStringWithoutAddress(), message, when);
            for (var step = 0; crash.Message is null && step < Messages; step++)
            {
                Work();
                if (actor == "sync/pull")
                {
                    // It looks by its interval; the others are woken by the work.
                    World.Run(PullInterval);
                }
            }

            var what = $"{actor} fell {when} message {message}, a {crash.Message?.GetType().Name}";
            crash.Message.ShouldNotBeNull(World.Describe($"{what}: it never came to that"));
            Work();

            // Spread out, so that no budget is spent: what follows that is tested by itself.
            World.RunUntil(IsWhole, TimeSpan.FromMinutes(6)).ShouldBeTrue(World.Describe($"{what}: not whole again"));
            World.Run(TimeSpan.FromSeconds(actor is "network" or "sync/drain-priority" or "sync/drain-bulk" ? 61 : 13));
            Collect();
            _asked.Select(one => one.What).ShouldBeEmpty(World.Describe($"{what}: questions without an answer"));
        }

        public void Judge()
        {
            World.Run(TimeSpan.FromSeconds(60));
            _world.Profile.Counts().Pending.ShouldBe(0);
            _world.Profile.Rows(RowState.Dead).ShouldBeEmpty();
            var stored = _world.Profile.Ours.ToList();
            _accepted.Count.ShouldBeGreaterThan(Messages);
            _accepted.Select(op => op.Id).Except(stored.Select(op => op.OperationId), StringComparer.Ordinal).ShouldBeEmpty("lost");
            _world.Profile.Applied.Distinct(StringComparer.Ordinal).Count().ShouldBe(_world.Profile.Applied.Count(), "applied twice");
            foreach (var key in _accepted.GroupBy(op => op.Key, StringComparer.Ordinal))
            {
                var inOrder = key.Select(op => op.Id).ToList();
                stored.Where(op => inOrder.Contains(op.OperationId)).Select(op => op.OperationId).ShouldBe(inOrder, $"order of {key.Key}");
            }

            // Nobody was asked to do anything, and the profile does what it did.
            var status = _world.Profile.Status();
            (status.Health.State, status.Auth.State, status.Queue.Pending).ShouldBe(("OK", "signed_in", 0));
            (_world.Push().Outcome == HangarOutcome.Failed).ShouldBeFalse();
            (_world.Taken[^1] == $"[{string.Join(',', _world.Source.Items)}]").ShouldBeTrue("the hub has the newest snapshot");
            World.Strays.ShouldBe(0);
        }

        public void Dispose() => _world.Dispose();

        private bool IsWhole() =>
            SupervisionTests.Below(_world.Profile.Runtime).Order(StringComparer.Ordinal).SequenceEqual(SupervisionTests.Whole);

        private void Work()
        {
            var (key, lane) = ($"k{_step % 5}", (_step / 5) % 2 == 0 ? Lane.Priority : Lane.Bulk);
            Ask(key, asker => _world.Profile.Journal.Tell(Enqueue(key, lane, asker)));
            Ask("status", asker => Profile.Tell(new StatusProtocol.GetStatus(asker), asker));
            _world.Source.Items.Add($"{_step}");
            Ask("hangar", asker => Profile.Tell(new HangarProtocol.PushHangar(asker), asker));
            if (_step % 3 == 0)
            {
                Ask("drain", asker => Profile.Tell(new SyncProtocol.DrainNow(Force: true, asker), asker));
            }

            if (_step % 4 == 0 && _accepted.Count > 0)
            {
                var id = new OperationId(Guid.Parse(_accepted[^1].Id));
                Ask("explain", asker => Profile.Tell(new StatusProtocol.Explain(id, asker), asker));
            }

            World.Run(TimeSpan.FromMilliseconds(100 + (_step++ % 50)));
            Collect();
        }

        private static JournalProtocol.EnqueueMany Enqueue(string key, Lane lane, IActorRef asker) =>
            new([ProfileWorld.Operation(key, lane), ProfileWorld.Operation($"other lane {key}", Other(lane))], null, asker);

        private static Lane Other(Lane lane) => lane == Lane.Priority ? Lane.Bulk : Lane.Priority;

        private Props RealAuth(DeviceId device, AuthLossAuthority authority, IActorRef listener) =>
            AuthActor.Props(
                new AuthSetup(_store, _world.Profile.Http, device, _world.Profile.Options.Auth, World.Platform(), [], [listener])
                {
                    Authority = authority,
                }
            );

        private void Ask(string what, Action<IActorRef> ask)
        {
            var probe = World.Probe();
            _asked.Add((what, probe));
            ask(probe.Ref);
        }

        private void Collect()
        {
            foreach (var (what, asker) in _asked.Where(one => one.Asker.Waiting > 0).ToList())
            {
                _asked.Remove((what, asker));
                if (asker.Expect<object>() is JournalProtocol.Stored stored)
                {
                    _accepted.Add((stored.Accepted[0].OperationId.ToString(), what));
                    _accepted.Add((stored.Accepted[1].OperationId.ToString(), $"other lane {what}"));
                }
            }
        }
    }
}
