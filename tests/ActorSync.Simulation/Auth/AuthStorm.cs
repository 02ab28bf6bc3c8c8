using System.Text;
using ActorSync.Events;
using ActorSync.Model;
using ActorSync.Simulation.Faults;
using ActorSync.Status;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using static ActorSync.Auth.AuthProtocol;

namespace ActorSync.Simulation.Auth;

/// <summary>One credential through a storm: stale and concurrent 401s, refreshes that hang, pairings at every step, sign-outs, kills; then quiet, and all must be sent.</summary>
internal sealed class AuthStorm : IDisposable
{
    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(150);
    private static readonly string[] Asked = ["/api/v1/sync/ops", "/v1/auth/me", "/v1/me/hangar"];

    private readonly StormSwarm _swarm;
    private readonly StormPlant _plant;
    private readonly World _world;
    private readonly Random _random;
    private readonly FakeHub _hub;
    private readonly VirtualWire _wire = new();
    private readonly StormOracle _oracle;
    private readonly StormDevice _device;
    private readonly Counters _counters = new();
    private readonly HashSet<int> _repairAt = [];
    private bool _quiet;
    private bool _pairing;
    private int _requests;
    private int _numbers;

    private AuthStorm(StormSwarm swarm, StormPlant plant, Action<string>? echo)
    {
        (_swarm, _plant) = (swarm, plant);
        _world = new World(swarm.Seed, swarm.Interleaving);
        _world.Trace.Echo = echo;
        _random = _world.Random;
        _hub = new FakeHub(_world) { AccessLife = swarm.Life };
        _oracle = new StormOracle(_world, _hub);
        _device = new StormDevice(_world, swarm, plant, _oracle, node => new FakeHubHandler(node, Handle, _wire)) { Heard = Heard };
    }

    public static StormResult Run(StormSwarm swarm, StormPlant plant = StormPlant.None, Action<string>? echo = null)
    {
        using var storm = new AuthStorm(swarm, plant, echo);
        return storm.Play();
    }

    public void Dispose()
    {
        _device.Dispose();
        _world.Dispose();
    }

    private StormResult Play()
    {
        Schedule();
        _world.At(TimeSpan.Zero, _device.Start);
        _world.At(TimeSpan.FromSeconds(1), Pair);
        Every(2, 4, Write);
        Every(2, 8, Look);
        _world.Run(_swarm.Length);

        _world.Trace.Add("the storm is over");
        _quiet = true;
        _wire.Heal();
        _hub.Behave();
        _device.Store.Failures = 0;
        Start();
        // Whoever finds himself signed out or paused for a lost credential pairs again.
        Every(1, 2, PairIfNeeded);
        if (!_world.RunUntil(() => _world.Steps % 64 == 0 && _oracle.Missing == 0, QuietLimit))
        {
            _oracle.Violated("I9", $"{_oracle.Missing} operations are not at the hub {QuietLimit.TotalSeconds:F0} s after the storm");
        }

        if (_world.Strays > 0)
        {
            _oracle.Violated("I22", $"{_world.Strays} continuations left the world's thread: {_world.FirstStray}");
        }

        _counters.AddAll(_wire.Struck);
        _counters.Add("hub misbehaved", _hub.Misbehaved);
        _counters.Add("refreshes", _hub.Exchanges.Count(static x => x.Request.Path == "/v1/auth/refresh"));
        _counters.Add("losses", _oracle.Losses);
        _counters.Add("operations", _oracle.Enqueued);
        return new StormResult(_swarm, _plant, _oracle.Violations, _world.Digest, _counters, [.. _world.Trace.Last(50)]);
    }

    private void Schedule()
    {
        _wire.MaxLatency = TimeSpan.FromMilliseconds(_random.Next(2, 800));
        _wire.Delays = _swarm.LateAnswers ? 0.3 : 0;
        _wire.LosesAnswer = _swarm.LostAnswers ? 0.2 : 0;
        Sometimes(_swarm.FalseRefusals, Misbehaviour.Auth(401, "token_expired"), 0.15, x => Asked.Contains(x.Path, StringComparer.Ordinal));
        Sometimes(_swarm.HangarRefused, Misbehaviour.Auth(401, "token_revoked"), 0.5, static x => x.Path == "/v1/me/hangar");
        Sometimes(_swarm.RefreshHangs, new Misbehaviour.Swallows { AfterCommit = _random.Next(2) == 0 }, 0.5, IsRefresh);
        Sometimes(_swarm.RefreshRefused, Misbehaviour.Auth(401, "invalid_grant"), 0.15, IsRefresh);
        Sometimes(_swarm.Foreign, new Misbehaviour.Answers(HubAnswer.Html(401)), 0.1, static _ => true);
        Sometimes(_swarm.Disabled, Misbehaviour.Auth(403, "sync_disabled"), 0.1, static x => x.IsPush);
        Often(_swarm.Revocations, 3, "revoked", _hub.RevokeAll);
        Often(_swarm.Repairs, 3, "paired again", Pair);
        Often(_swarm.SignOuts, 3, "signed out", Leave);
        Often(_swarm.Kills, 3, "killed", Die);
        Often(_swarm.StoreFails, 3, "store failed", () => _device.Store.Failures = _random.Next(1, 5));
        Often(_swarm.AuthCrashes, 3, "actor crashed", Crash);
        // A pairing at a step, not at a time: as the n-th request arrives.
        for (var i = _swarm.Repairs ? 4 : 0; i > 0; i--)
        {
            _repairAt.Add(_random.Next(2, 120));
        }
    }

    private static bool IsRefresh(HubRequest request) => request.Path == "/v1/auth/refresh";

    private HubReaction Handle(HubRequest request)
    {
        if (_repairAt.Contains(++_requests) && !_quiet)
        {
            _counters.Add("paired again at a step");
            _world.At(TimeSpan.Zero, Pair);
        }

        var reaction = _hub.Handle(request);
        _oracle.Leaves(request, reaction.Answer);
        return reaction;
    }

    private void Sometimes(bool on, Misbehaviour misbehaviour, double chance, Func<HubRequest, bool> when)
    {
        if (on)
        {
            _hub.Sometimes(misbehaviour, chance, _random, when);
        }
    }

    private void Often(bool on, int most, string name, Action strike)
    {
        for (var i = on ? _random.Next(1, most + 1) : 0; i > 0; i--)
        {
            _world.At(
                _swarm.Length * (0.02 + (0.96 * _random.NextDouble())),
                () =>
                {
                    if (!_quiet)
                    {
                        _counters.Add(name);
                        _world.Trace.Add(name);
                        strike();
                    }
                }
            );
        }
    }

    private void Every(double least, double more, Action act) =>
        _world.At(
            TimeSpan.FromSeconds(least + (more * _random.NextDouble())),
            () =>
            {
                act();
                Every(least, more, act);
            }
        );

    private void Pair()
    {
        // Nobody answers where nobody is.
        _pairing = _device.IsUp;
        _device.Ask<object>(replyTo => new Pair(StormDevice.HubAddress, _hub.NewPairingCode(), "a device", replyTo), _ => _pairing = false);
    }

    private void Leave()
    {
        _oracle.Leaving = true;
        _device.Ask<object>(
            replyTo => _random.Next(2) == 0 ? new SignOut(replyTo) : new Unpair(replyTo),
            _ =>
            {
                _oracle.Leaving = false;
                _world.At(TimeSpan.FromSeconds(20 * _random.NextDouble()), Pair);
            }
        );
    }

    private void Die()
    {
        _device.Kill();
        _pairing = false;
        _world.At(TimeSpan.FromSeconds(5 * _random.NextDouble()), Start);
    }

    private void Start()
    {
        if (_device.Node is not { Alive: true })
        {
            _device.Start();
        }
    }

    private void Crash()
    {
        var victim = _random.Next(2) == 0 ? "auth" : "sync";
        _device.Node!.Crash($"/user/actorsync/profiles/default/{victim}");
    }

    // A person who reads what is shown.
    private void Heard(SyncEvent said)
    {
        _world.Trace.Add($"event {said.GetType().Name} {(said as SyncPaused)?.Code}");
        if (said is SyncPaused { Code: "token_revoked" or "token_expired" or "token_invalid" or "token_missing" })
        {
            _counters.Add("a person pairs after a loss");
            _world.At(TimeSpan.FromSeconds(1 + (20 * _random.NextDouble())), PairIfNeeded);
        }
    }

    private void PairIfNeeded() =>
        _device.Ask<StatusSnapshot>(
            static replyTo => new StatusProtocol.GetStatus(replyTo),
            status =>
            {
                if (!_pairing && status.Auth.State != "signed_in" && status.Auth.Reason?.Contains("disk", StringComparison.Ordinal) != true)
                {
                    Pair();
                }
            }
        );

    private void Write()
    {
        if (_quiet)
        {
            return;
        }

        var lane = _random.Next(2) == 0 ? Lane.Priority : Lane.Bulk;
        var operation = new NewOperation
        {
            Entity = "note",
            EntityId = $"n{++_numbers}",
            Lane = lane,
            Payload = Encoding.UTF8.GetBytes("1"),
        };
        _device.Enqueue(
            operation,
            accepted => _oracle.Accepted(accepted.OperationId.ToString(), lane == Lane.Priority ? "priority" : "bulk")
        );
    }

    private void Look() => _device.Ask<StatusSnapshot>(static replyTo => new StatusProtocol.GetStatus(replyTo), Judge);

    private void Judge(StatusSnapshot status)
    {
        foreach (var lane in new[] { "priority", "bulk" })
        {
            var state = status.Health.Lanes[lane].State;
            _counters.Add($"health {state}");
            _oracle.Health(lane, _plant == StormPlant.NoLease && state == "STALE" ? "OK" : state, TimeSpan.FromSeconds(60));
        }
    }
}
