using System.Text.Json.Nodes;
using ActorSync.Journal;
using ActorSync.Model;
using ActorSync.Pull;
using ActorSync.Simulation.Faults;
using ActorSync.Simulation.Judging;
using ActorSync.Status;
using ActorSync.Sync;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using Akka.Event;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Simulation.Worlds;

/// <summary>One world from its beginning to its end: an app writes, faults strike, everything heals, everything must be there.</summary>
internal sealed class SimulatedWorld : IDisposable
{
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    private readonly Swarm _swarm;
    private readonly Plant _plant;
    private readonly World _world;
    private readonly FakeHub _hub;
    private readonly List<Device> _devices = [];
    private readonly Ledger _ledger = new();
    private readonly Counters _counters = new();
    private readonly Oracle _oracle;
    private readonly BackoffLaw _law;
    private readonly Writers _writers;
    private readonly FaultDriver _faults;

    private SimulatedWorld(Swarm swarm, Plant plant, Action<string>? echo)
    {
        (_swarm, _plant) = (swarm, plant);
        _world = new World(swarm.Seed, swarm.Interleaving);
        _world.Trace.Echo = echo;
        _world.Log.Logged = Logged;
        _hub = new FakeHub(_world);
        _hub.AccessLife = swarm.ShortTokens ? TimeSpan.FromSeconds(50) : TimeSpan.FromMinutes(15);
        var planted = new PlantedHub(_hub, plant);
        for (var i = 0; i < swarm.Devices; i++)
        {
            var device = new Device(_world, swarm, i, (node, wire) => Network(node, wire, planted), swarm.Sockets ? Wake : null);
            device.OnReady(() => Pair(device));
            _devices.Add(device);
        }

        _oracle = new Oracle(_world, swarm, _hub, _ledger, _devices);
        var undisturbed =
            swarm is { ActorCrashes: false, DiskFaults: false, AuthTrouble: false, ShortTokens: false, Kills: false, PowerCuts: false };
        _law = new BackoffLaw(_world, _oracle, undisturbed, swarm.Devices);
        _writers = new Writers(_world, _devices, _ledger, swarm);
        _faults = new FaultDriver(_world, swarm, _devices, _hub, _ledger, _counters);
    }

    /// <param name="echo">Hears each line of the trace; null for nobody.</param>
    public static WorldResult Run(Swarm swarm, Plant plant = Plant.None, Action<string>? echo = null)
    {
        using var world = new SimulatedWorld(swarm, plant, echo);
        return world.Play();
    }

    public void Dispose()
    {
        _devices.ForEach(static device => device.Dispose());
        _world.Dispose();
    }

    private WorldResult Play()
    {
        Plants.Schedule(_plant, _world, _devices[0]);
        _faults.Schedule();
        foreach (var device in _devices)
        {
            _world.At(device.Index == 0 ? TimeSpan.Zero : _swarm.FaultTime * 0.2 * _world.Random.NextDouble(), device.Start);
        }

        Sample(TimeSpan.FromSeconds(3));
        LookNowAndThen();
        _world.Run(_swarm.FaultTime);

        _world.Trace.Add("the faults stop");
        _faults.Heal();
        SetRight();
        Prod();
        _world.RunUntil(() => _writers.Done, DrainLimit);
        _world.RunUntil(Drained, DrainLimit);
        SetRight();
        _world.RunUntil(Drained, TimeSpan.FromSeconds(30));
        new DigestJudge(_world, _hub, _devices, _oracle).Compare();
        _oracle.LookAtTheEnd();
        return Result();
    }

    private HttpMessageHandler Network(Node node, VirtualWire wire, PlantedHub planted) =>
        new FakeHubHandler(node, planted.Handle, wire) { Sent = Sent, Received = Received };

    private FakeWake Wake(Node node, VirtualWire wire) => new(node, _hub, wire);

    private void Sent(HubRequest request)
    {
        _law.Sent(request);
        if (Ids(request.Body, "ops") is { Length: > 0 } sent)
        {
            _world.Trace.Add($"  pushes {sent}");
        }
    }

    private void Received(HubRequest request, HubAnswer answer)
    {
        _law.Received(request, answer);
        _oracle.Told(answer);
        if (request.IsPush && answer.ContentType is not null)
        {
            _world.Trace.Add($"  accepted {Ids(answer.Body, "accepted")} rejected {Ids(answer.Body, "rejected")}");
        }
    }

    // The app's numbers of the operations in a list of a body.
    private string Ids(byte[] body, string list) =>
        FakeHub.TryParse(body, out var json) && json[list] is JsonArray items
            ? string.Join(' ', items.Select(x => _ledger.Find((string?)x?["operation_id"] ?? "")?.Number))
            : "";

    private void Pair(Device device)
    {
        if (device is { Failed: null, Paired: false })
        {
            device.Ask<object>(
                replyTo => new Pair(Device.HubAddress, _hub.NewPairingCode(), "a device", replyTo),
                answer =>
                {
                    device.Paired |= answer is SignedIn;
                    device.Node!.At(TimeSpan.FromSeconds(1), () => Pair(device));
                }
            );
        }
    }

    // A saver looks every few minutes; the person does not wait for that.
    private void Prod()
    {
        if (_swarm.Preset == "saver")
        {
            foreach (var device in _devices)
            {
                device.Ask<DrainReport>(static to => new SyncProtocol.DrainNow(Force: false, to), static _ => { });
                device.Ask<ReconcileReport>(static to => new PullProtocol.Reconcile(to), static _ => { });
            }

            _world.At(TimeSpan.FromSeconds(10), Prod);
        }
    }

    // Dead letters are for a person, who tries them again or gives them up.
    private void SetRight()
    {
        foreach (var device in _devices)
        {
            if (_swarm.Seed % 2 == 0)
            {
                device.AskJournal<object>(static replyTo => new JournalProtocol.RetryDead(null, replyTo), static _ => { });
                continue;
            }

            foreach (var id in _oracle.Held(device)?.Dead ?? [])
            {
                device.AskJournal<JournalProtocol.Changed>(
                    replyTo => new JournalProtocol.DiscardDead(new OperationId(Guid.ParseExact(id, "D")), "not wanted", replyTo),
                    changed => _ledger.Find(id)!.Discarded |= changed.Count > 0
                );
            }
        }
    }

    private bool Drained() =>
        _world.Steps % 64 == 0 && _devices.TrueForAll(device => _oracle.Held(device) is { Pending: 0, Parked: 0 } held && !held.Dead.Any());

    private void Sample(TimeSpan every) =>
        _world.At(
            every,
            () =>
            {
                foreach (var device in _devices)
                {
                    device.Ask<StatusSnapshot>(static replyTo => new StatusProtocol.GetStatus(replyTo), status => Judge(device, status));
                }

                Sample(TimeSpan.FromSeconds(2 + (8 * _world.Random.NextDouble())));
            }
        );

    private void Judge(Device device, StatusSnapshot status)
    {
        _counters.Add("health samples");
        // A refresh whose answer stayed lost for longer than the hub's grace ends the credential; the person does what the text says.
        if (status.Health.State == "PAUSED" && status.Health.Reason.Contains("pair", StringComparison.Ordinal))
        {
            _counters.Add("paired again");
            device.Paired = false;
            Pair(device);
        }

        foreach (var lane in new[] { "priority", "bulk" })
        {
            var state = _plant == Plant.AlwaysGreen ? "OK" : status.Health.Lanes.GetValueOrDefault(lane)?.State ?? "";
            _counters.Add($"health {state}");
            _oracle.Health(device, lane, state, Leases.Of(_swarm.Preset, lane));
        }
    }

    private void LookNowAndThen() =>
        _world.At(
            TimeSpan.FromSeconds(5 + (10 * _world.Random.NextDouble())),
            () =>
            {
                _oracle.Look();
                foreach (var failed in _devices.Select(static device => device.Failed).OfType<Runtime.RuntimeProtocol.ProfileFailed>())
                {
                    _oracle.Violated("I17", $"the profile gave up: {failed.Code} {failed.Reason}");
                }

                LookNowAndThen();
            }
        );

    private void Logged(LogFilter.Line line)
    {
        var expected = line.Cause switch
        {
            null or InjectedCrashException => true,
            Journal.Sqlite.SqliteFailure => true,
            _ => false,
        };
        if (!expected && line.Level >= LogLevel.WarningLevel)
        {
            _oracle.Violated("I17", $"{line.Source}: {line.Cause!.GetType().Name} {line.Cause.Message}");
        }
    }

    private WorldResult Result()
    {
        foreach (var device in _devices)
        {
            _counters.AddAll(device.Wire.Struck);
            _counters.Add("disk faults", device.Disk.Faults);
        }

        _counters.Add("hub misbehaved", _hub.Misbehaved);
        _counters.Add("operations accepted", _ledger.Entries.Count(static x => x.AcceptedAt is not null));
        _counters.Add("pushes", _hub.Pushes.Count());
        _counters.Add("duplicates at the hub", _hub.Pushes.Sum(static x => x.OperationIds.Count) - _hub.Account.Log.Count);
        _counters.Add("pushes refused for a clock (409)", _hub.Pushes.Count(static x => x.Status == 409));
        _counters.Add("refused as poison", _ledger.Entries.Count(static x => x.Poison));
        _counters.Add("messages", _world.Steps);
        if (_world.Strays > 0)
        {
            _oracle.Violated("I22", $"{_world.Strays} continuations left the world's thread: {_world.FirstStray}");
        }

        return new WorldResult(_swarm, _plant, _oracle.Violations, _world.Digest, _world.Elapsed, _counters, [.. _world.Trace.Last(50)]);
    }
}
