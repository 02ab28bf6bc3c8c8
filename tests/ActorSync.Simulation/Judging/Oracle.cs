using ActorSync.Simulation.Worlds;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Judging;

/// <summary>Holds what is seen against what is promised. Knows the runtime's operations by their ids and nothing else of it.</summary>
internal sealed class Oracle(World world, Swarm swarm, FakeHub hub, Ledger ledger, IReadOnlyList<Device> devices)
{
    private const int Most = 20;
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);

    private readonly HashSet<string> _named = new(StringComparer.Ordinal);
    private int _exchangesRead;

    public List<string> Violations { get; } = [];

    public void Violated(string invariant, string what)
    {
        if (Violations.Count < Most)
        {
            Violations.Add($"{invariant}: {what} (at {world.Elapsed.TotalSeconds:F3} s)");
            world.Trace.Add($"VIOLATION {invariant} {what}");
        }
    }

    /// <summary>What must hold at every instant.</summary>
    public void Look()
    {
        ReadNames();
        var view = new HubView(hub);
        foreach (var device in devices)
        {
            if (Held(device) is { } held)
            {
                Look(device, held, view);
            }
        }

        Applied(view);
    }

    private void Look(Device device, QueueOnDisk held, HubView view)
    {
        foreach (
            var entry in ledger.Entries.Where(x =>
                x is { AcceptedAt: not null, Forgotten: false, Discarded: false, LostByHub: false } && x.Device == device.Index
            )
        )
        {
            if (held.Holds(entry.Id))
            {
                continue;
            }

            if (!view.Has(entry.Number))
            {
                Violated("I1", $"accepted operation {entry.Number} is neither queued nor at the hub");
            }
            else if (!_named.Contains(entry.Id))
            {
                Violated("I8", $"operation {entry.Number} left the queue and no answer ever named it");
            }
        }

        foreach (var id in held.Dead.Where(x => ledger.Find(x) is { Poison: false }))
        {
            Violated("D4", $"operation {ledger.Find(id)!.Number} is a dead letter and was never refused");
        }
    }

    /// <summary>I7: green only with a receipt for everything that is older than the lease.</summary>
    public void Health(Device device, string lane, string state, TimeSpan lease)
    {
        // The age of what was never seen as the oldest is known by the wall clock alone; one that jumps hides it.
        if (state != "OK" || swarm.ClockJumps)
        {
            return;
        }

        var old = ledger
            .Entries.Where(x => x.Device == device.Index && x.Lane == lane && x.AcceptedAt is { } at && world.Elapsed - at > lease + Slack)
            .Where(static x => x is { Forgotten: false, Discarded: false, LostByHub: false })
            .ToList();
        if (old.Count > 0 && Held(device) is { } held && old.Find(x => held.Holds(x.Id)) is { } waits)
        {
            Violated(
                "I7",
                $"{lane} is OK while operation {waits.Number} has waited {(world.Elapsed - waits.AcceptedAt)!.Value.TotalSeconds:F0} s"
            );
        }
    }

    /// <summary>What must hold when the faults have stopped and there was time.</summary>
    public void LookAtTheEnd()
    {
        Look();
        foreach (var device in devices)
        {
            LookAtTheEnd(device);
        }

        Winners();
    }

    // I20: whatever the clocks say, of what one device wrote the last stands.
    private void Winners()
    {
        var held = hub.Account.Merged().AllRows.Where(static row => row[3] == "n").ToDictionary(static row => row[1], static row => row[4]);
        foreach (var entity in ledger.Entries.GroupBy(static x => x.Entity, StringComparer.Ordinal))
        {
            var writes = entity.Where(static x => x.Writes == EntryWrites.Number || x.Writes == EntryWrites.Deletion).ToList();
            if (
                entity.Select(static x => x.Device).Distinct().Count() > 1
                || entity.Any(static x => x is { AcceptedAt: null } or { Forgotten: true } or { LostByHub: true } or { Discarded: true })
                || writes.Count == 0
            )
            {
                continue;
            }

            var expected = writes[^1].Writes == EntryWrites.Deletion ? null : $"{writes[^1].Number}";
            if (held.GetValueOrDefault(entity.Key) is var stands && stands != expected)
            {
                Violated("I20", $"of {entity.Key} operation {stands ?? "none"} stands, and {expected ?? "its deletion"} was written last");
            }
        }
    }

    private void LookAtTheEnd(Device device)
    {
        if (Held(device) is not { } held)
        {
            Violated("I9", "there is no journal that can be read");
            return;
        }

        if (held.Pending + held.Parked > 0)
        {
            Violated("I9", $"{held.Pending} pending and {held.Parked} parked operations 60 s after the faults stopped");
        }

        if (held.Dead.Any())
        {
            Violated("I9", $"dead letters are left: {string.Join(' ', held.Dead.Select(x => ledger.Find(x)!.Number))}");
        }
    }

    /// <summary>D7: only a journal that was put back may be told that its clock went back.</summary>
    /// <remarks>What a late request of a dead process is answered reaches nobody and counts for nothing.</remarks>
    public void Told(HubAnswer answer)
    {
        if (answer.Status == 409 && !swarm.JournalRestores && FakeHub.TryParse(answer.Body, out var body) && body["stored_max"] is not null)
        {
            Violated("D7", "the device is told that its clock went back, though no journal was restored");
        }
    }

    /// <summary>What lies in the journal now; null when there is none that can be read.</summary>
    public QueueOnDisk? Held(Device device)
    {
        try
        {
            return device.Queue();
        }
        catch (RawDatabaseException error)
        {
            Violated("I1", $"the journal on disk cannot be read: {error.Message}");
            return null;
        }
    }

    private void ReadNames()
    {
        for (; _exchangesRead < hub.Exchanges.Count; _exchangesRead++)
        {
            _named.UnionWith(hub.Exchanges[_exchangesRead].NamedIds);
        }
    }

    private void Applied(HubView view)
    {
        foreach (var number in view.Numbers)
        {
            var held = view.Of(number);
            if (held.Count > 1)
            {
                Violated("I2", $"operation {number} is at the hub {held.Count} times");
            }

            if (number > ledger.Entries.Count || ledger.Entries[number - 1].Id != held[0].OperationId)
            {
                Violated("I2", $"the hub holds operation {number} under an id that nobody gave it");
            }
        }

        foreach (var entity in hub.Account.Log.Where(static x => !HubView.IsRepair(x)).GroupBy(static x => (x.Device, x.EntityId)))
        {
            var last = 0;
            foreach (var number in entity.Select(HubView.NumberOf).OfType<int>())
            {
                // What a restored journal forgot may come back with another restore, behind what was written meanwhile.
                if (number < last && ledger.Entries[number - 1] is { LostByHub: false, Forgotten: false })
                {
                    Violated("I3", $"operation {number} of {entity.Key.EntityId} reached the hub behind {last}");
                }

                last = Math.Max(last, number);
            }
        }
    }
}
