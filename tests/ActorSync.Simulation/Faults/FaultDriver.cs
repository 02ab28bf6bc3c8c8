using ActorSync.Simulation.Judging;
using ActorSync.Simulation.Worlds;
using ActorSync.TestKit;
using ActorSync.TestKit.Disk;
using ActorSync.TestKit.Hubs;

namespace ActorSync.Simulation.Faults;

/// <summary>Strikes, at times that the seed decides, with the faults that the swarm switched on; then heals everything.</summary>
internal sealed class FaultDriver(World world, Swarm swarm, IReadOnlyList<Device> devices, FakeHub hub, Ledger ledger, Counters counters)
{
    private static readonly string[] Victims = ["journal", "auth", "sync", "status", "sync/drain-priority", "sync/drain-bulk", "sync/pull"];

    private readonly Random _random = world.Random;
    private HubAccount? _hubCopy;
    private bool _healed;

    public void Schedule()
    {
        Network();
        if (swarm.HubErrors)
        {
            HubErrors();
        }

        if (swarm.AuthTrouble)
        {
            hub.Sometimes(Misbehaviour.Auth(401, "token_expired"), 0.1, _random);
            hub.Sometimes(Misbehaviour.Auth(403, "sync_disabled"), 0.05, _random);
            hub.Sometimes(new Misbehaviour.Answers(HubAnswer.Html(401)), 0.05, _random, static _ => true);
        }

        if (swarm.Refusals)
        {
            hub.Account.Refuse = operation =>
                HubView.NumberOf(operation) is { } number && ledger.Entries[number - 1].Poison
                    ? ("invalid_payload", "not to my taste")
                    : null;
        }

        Often(swarm.Kills, 3, () => Die(Anyone(), "killed", power: false));
        Often(swarm.PowerCuts, 3, () => Die(Anyone(), "power cut", power: true));
        Often(swarm.Partitions, 3, () => Partition(Anyone().Wire));
        Often(swarm.ActorCrashes, 4, () => CrashActor(Anyone()));
        Often(swarm.DiskFaults, 4, () => FailDisk(Anyone()));
        Often(swarm.ClockJumps, 3, () => JumpClock(Anyone()));
        Often(swarm.JournalRestores, 2, () => CopyThenRestoreJournal(Anyone()));
        Often(swarm.HubRestores, 1, CopyThenRestoreHub);
    }

    public void Heal()
    {
        _healed = true;
        hub.Behave();
        hub.Account.Refuse = static _ => null;
        foreach (var device in devices)
        {
            device.Wire.Heal();
            device.Disk.Fault = null;
            StartAgain(device);
        }
    }

    private Device Anyone() => devices[devices.Count == 1 ? 0 : _random.Next(devices.Count)];

    private void Network()
    {
        foreach (var device in devices)
        {
            Network(device.Wire);
        }
    }

    private void Network(VirtualWire wire)
    {
        wire.MaxLatency = TimeSpan.FromMilliseconds(_random.Next(2, 2000));
        wire.LosesRequest = swarm.LostRequests ? 0.3 * _random.NextDouble() : 0;
        wire.LosesAnswer = swarm.LostAnswers ? 0.3 * _random.NextDouble() : 0;
        wire.KillsSockets = swarm.SocketDeaths ? 0.2 * _random.NextDouble() : 0;
        wire.Duplicates = swarm.Duplicates ? 0.3 * _random.NextDouble() : 0;
        wire.Delays = swarm.LateAnswers ? 0.3 * _random.NextDouble() : 0;
        wire.Silent = swarm.LateAnswers ? 0.5 : 0;
    }

    private void HubErrors()
    {
        Misbehaviour[] all =
        [
            Misbehaviour.Html200,
            Misbehaviour.Html200 with
            {
                AfterCommit = true,
            },
            new Misbehaviour.Truncated(_random.Next(1, 200)),
            new Misbehaviour.NamesOnly(_random.Next(0, 3)),
            new Misbehaviour.NamesForeign(),
            new Misbehaviour.Resets { AfterCommit = true },
            new Misbehaviour.Swallows(),
            Misbehaviour.UnknownConflict,
            Misbehaviour.Busy(503, _random.Next(1, 9).ToString()),
            Misbehaviour.Busy(500),
            Misbehaviour.Busy(429, "soon"),
            Misbehaviour.NoGzip,
            Misbehaviour.RedirectsTo("https://elsewhere.test/"),
            new Misbehaviour.Answers(new HubAnswer(200, "{\"accepted\":7}"u8.ToArray(), "application/json")),
        ];
        _random.Shuffle(all);
        foreach (var misbehaviour in all.Take(_random.Next(1, 5)))
        {
            hub.Sometimes(misbehaviour, 0.25 * _random.NextDouble(), _random);
        }
    }

    private void Often(bool on, int most, Action strike)
    {
        for (var i = on ? _random.Next(1, most + 1) : 0; i > 0; i--)
        {
            world.At(swarm.FaultTime * (0.02 + (0.96 * _random.NextDouble())), () => Strike(strike));
        }
    }

    private void Strike(Action strike)
    {
        if (!_healed)
        {
            strike();
        }
    }

    private void Die(Device device, string how, bool power)
    {
        if (!device.IsAlive)
        {
            return;
        }

        if (_random.Next(2) == 0)
        {
            Mourn();
            device.Die(power);
        }
        else
        {
            device.DieAtCall(_random.Next(1, 25), power, Mourn);
        }

        void Mourn()
        {
            counters.Add(how);
            world.Trace.Add($"{device.Node!.Name} {how}");
            world.At(TimeSpan.FromSeconds(5 * _random.NextDouble()), () => StartAgain(device));
        }
    }

    private static void StartAgain(Device device)
    {
        if (!device.IsAlive)
        {
            device.Start();
        }
    }

    private void Partition(VirtualWire wire)
    {
        var oneWay = _random.Next(3) == 0;
        var flaps = _random.Next(3) == 0 ? _random.Next(2, 8) : 1;
        counters.Add(
            oneWay ? "partition, one way"
            : flaps > 1 ? "partition, flapping"
            : "partition"
        );
        var length = TimeSpan.FromSeconds(_random.Next(1, 100)) / flaps;
        for (var i = 0; i < flaps; i++)
        {
            world.At(2 * i * length, () => Strike(() => (wire.IsDown, wire.AnswersBlocked) = (!oneWay, oneWay)));
            world.At(((2 * i) + 1) * length, () => (wire.IsDown, wire.AnswersBlocked) = (false, false));
        }
    }

    private void CrashActor(Device device)
    {
        if (device.IsAlive)
        {
            var victim = Victims[_random.Next(Victims.Length)];
            counters.Add("actor crashed");
            world.Trace.Add($"{victim} is told to crash");
            device.Node!.Crash($"/user/actorsync/profiles/default/{victim}");
        }
    }

    private void FailDisk(Device device)
    {
        var (kind, code, name) = _random.Next(3) switch
        {
            0 => (DiskCallKind.Sync, SqliteAbi.IoErrFsync, "sync failed"),
            1 => (DiskCallKind.Write, SqliteAbi.IoErrWrite, "write failed"),
            _ => (DiskCallKind.Write, SqliteAbi.Full, "disk full"),
        };
        counters.Add(name);
        device.Disk.FailAt(kind, _random.Next(1, 10), code, _random.Next(1, 4));
    }

    private void JumpClock(Device device)
    {
        if (device.Node is { } node)
        {
            counters.Add("clock jumped");
            node.Time.WallOffset = TimeSpan.FromDays(_random.Next(-3650, 3650));
        }
    }

    private void CopyThenRestoreJournal(Device device)
    {
        var (copy, copiedAt) = (device.Disk.Snapshot(), world.Elapsed);
        world.At(swarm.FaultTime * 0.3 * _random.NextDouble(), () => Strike(() => RestoreJournal(device, copy, copiedAt)));
    }

    private void RestoreJournal(Device device, IReadOnlyDictionary<string, byte[]> copy, TimeSpan copiedAt)
    {
        if (copy.Count == 0)
        {
            return;
        }

        counters.Add("journal restored");
        world.Trace.Add($"the journal of {device.Node?.Name} of {copiedAt.TotalSeconds:F3} s is put back");
        device.Die(power: false);
        device.Disk.Restore(copy);
        foreach (var entry in ledger.Entries.Where(x => x.Device == device.Index && x.AcceptedAt >= copiedAt))
        {
            entry.Forgotten = true;
        }

        world.At(TimeSpan.FromSeconds(1), () => StartAgain(device));
    }

    private void CopyThenRestoreHub()
    {
        _hubCopy = hub.Backup();
        world.At(swarm.FaultTime * 0.3 * _random.NextDouble(), () => Strike(RestoreHub));
    }

    private void RestoreHub()
    {
        counters.Add("hub restored");
        world.Trace.Add("an older backup of the hub is put back");
        var had = new HubView(hub);
        hub.Restore(_hubCopy!);
        var has = new HubView(hub);
        foreach (var entry in ledger.Entries.Where(x => had.Has(x.Number) && !has.Has(x.Number)))
        {
            entry.LostByHub = true;
        }
    }
}
