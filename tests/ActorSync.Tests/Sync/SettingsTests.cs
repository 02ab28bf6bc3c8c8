using ActorSync.Auth;
using ActorSync.Journal;
using ActorSync.Sync;
using Shouldly;
using Xunit;
using Patch = System.Collections.Immutable.ImmutableSortedDictionary<string, string?>;

namespace ActorSync.Tests.Sync;

public sealed class SettingsTests
{
    [Fact]
    [Trait("criterion", "A17")]
    public void Settings_are_patched_field_by_field_and_a_slow_writer_does_not_undo_a_pairing()
    {
        using var world = new SignedInWorld();
        world.Tree.Ask<AuthProtocol.SignedOut>(world.Tree.Profile, asker => new AuthProtocol.SignOut(asker));
        var writers = world.World.Probe("writers");

        // All at once: two writers that know nothing of each other, and a pairing between them.
        writers.Send(world.Tree.Profile, new SyncProtocol.ChangeSettings(Patch.Empty.Add("preset", "fast"), writers.Ref));
        var paired = world.Pair();
        writers.Send(world.Tree.Profile, new SyncProtocol.ChangeSettings(Patch.Empty.Add("hub", "https://hub.test/"), writers.Ref));
        writers.Send(world.Tree.Profile, new SyncProtocol.ChangeSettings(Patch.Empty.Add("mode", "hybrid"), writers.Ref));
        world.World.RunUntil(() => writers.Received.Count == 3).ShouldBeTrue();

        var stored = world.Tree.AskJournal<JournalProtocol.Settings>(asker => new JournalProtocol.GetSettings(asker)).Values;
        (stored["preset"], stored["hub"], stored["mode"], stored["queue.account"]).ShouldBe(("fast", "https://hub.test/", "hybrid", "ada"));
        world.Generation.ShouldBe(paired.Generation);
        world.Tree.Enqueue(1);
        world.Tree.Drained();
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_credential_that_cannot_be_read_pauses_clears_nothing_and_goes_on_when_it_can()
    {
        using var world = new SignedInWorld();
        var stored = world.Store.Content;
        world.Tree.Stop();
        world.World.Run(TimeSpan.FromSeconds(1));
        world.Store.Loading = () => throw new CredentialUnavailableException("the file is locked", "unlock it");
        world.Tree.Start();
        world.Tree.Ready();
        world.Tree.Enqueue(2);
        world.World.Run(TimeSpan.FromMinutes(5));

        var status = world.Tree.Status();
        (status.Health.State, status.Notice!.Code).ShouldBe(("PAUSED", "credential_unavailable"));
        world.Store.Content.ShouldBe(stored);

        world.Store.Loading = static () => { };
        world.Tree.Drained(TimeSpan.FromMinutes(1));
        world.Store.Content.Access.ShouldBe(stored.Access);
    }
}
