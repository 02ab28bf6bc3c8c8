using ActorSync.Auth;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using ActorSync.Wire;

namespace ActorSync.Simulation.Auth;

/// <summary>Holds what a credential goes through against what is promised: I4 to I7, and A2. Knows tokens by the order in which the hub gave them.</summary>
internal sealed class StormOracle(World world, FakeHub hub)
{
    private const int Most = 10;
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(2);
    private static readonly HashSet<string> Codes = new(StringComparer.Ordinal)
    {
        "token_missing",
        "token_invalid",
        "token_expired",
        "token_revoked",
    };

    private readonly Dictionary<string, int> _given = new(StringComparer.Ordinal);
    private readonly HashSet<string> _refused = new(StringComparer.Ordinal);
    private readonly List<(TimeSpan At, int Index)> _stored = [];
    private readonly List<(string Id, string Lane, TimeSpan At)> _accepted = [];

    public List<string> Violations { get; } = [];

    public int Losses { get; private set; }

    /// <summary>The person has asked for it.</summary>
    public bool Leaving { get; set; }

    public void Violated(string invariant, string what)
    {
        if (Violations.Count < Most)
        {
            Violations.Add($"{invariant}: {what} (at {world.Elapsed.TotalSeconds:F3} s)");
            world.Trace.Add($"VIOLATION {invariant} {what}");
        }
    }

    /// <summary>The hub's answer as it leaves: fresh tokens are numbered.</summary>
    public void Leaves(HubRequest request, HubAnswer? answer)
    {
        if (
            request.Path is "/v1/auth/refresh" or "/v1/auth/devices/redeem"
            && answer is { Status: 200 }
            && FakeHub.TryParse(answer.Body, out var body)
        )
        {
            if ((string?)body["access_token"] is { } token)
            {
                _given.TryAdd(token, _given.Count);
            }
        }
    }

    /// <summary>What the runtime was answered.</summary>
    public void Answered(HubCall call, HubReply reply)
    {
        if (
            call is { Path: "/v1/auth/me", Token: { } token }
            && reply is HubReply.Answered { Status: 401, Error: { } code }
            && Codes.Contains(code)
        )
        {
            _refused.Add(token.Secret);
        }
    }

    /// <summary>A2: a worker's request carries the newest token that was stored some seconds ago, or a newer one.</summary>
    public void Sends(HubCall call)
    {
        if (call.Token is not { } token || call.Method == HttpMethod.Delete || call.Path == "/v1/auth/me")
        {
            return;
        }

        var newest = _stored.FindLastIndex(x => world.Elapsed - x.At > Settled);
        var carried = _given.TryGetValue(token.Secret, out var index) ? _stored.FindLastIndex(x => x.Index == index) : -1;
        if (carried >= 0 && carried < newest)
        {
            Violated("A2", $"{call.Path} goes with token {index}, though token {_stored[newest].Index} has been stored for long");
        }
    }

    /// <summary>I4: nothing fresh is wiped or downgraded. I6: no loss without the hub's own word about that very token.</summary>
    public void Saved(StoredCredential before, StoredCredential after)
    {
        world.Trace.Add(
            $"stored generation {after.Generation.Value}: {(after.Access is { } a ? $"token {IndexOf(a)}" : after.Loss is null ? "none" : "lost")}"
        );
        if (after.Generation.CompareTo(before.Generation) < 0)
        {
            Violated("I4", $"generation {after.Generation.Value} is stored over {before.Generation.Value}");
        }

        if (after.Access is { } now)
        {
            var index = IndexOf(now);
            // A pairing whose answer was long on its way is the person's will; its refresh token is good even when its token is not any more.
            var asked = after.Origin == CredentialOrigin.Paired && !_stored.Exists(x => x.Index == index);
            if (_stored.Count > 0 && index < _stored[^1].Index && !asked)
            {
                Violated("I4", $"token {index} is stored, though a newer one was");
            }

            if (before.Access != now)
            {
                _stored.Add((world.Elapsed, index));
            }

            return;
        }

        if (before.Access is not { } was || (Leaving && after.Loss is null))
        {
            return;
        }

        if (after.Loss is null)
        {
            Violated("I4", $"token {IndexOf(was)} is gone, and nobody asked for it");
        }
        else
        {
            Losses++;
            if (_refused.Contains(was.Secret))
            {
                return;
            }

            Violated("I6", $"token {IndexOf(was)} is declared lost ({after.Loss.Code}), and the hub never refused it when asked");
            if (hub.Takes(was.Secret))
            {
                Violated("I4", $"token {IndexOf(was)} is wiped, and the hub takes it");
            }
        }
    }

    public void Accepted(string id, string lane) => _accepted.Add((id, lane, world.Elapsed));

    /// <summary>I7: green only with a receipt for everything that is older than the lease.</summary>
    public void Health(string lane, string state, TimeSpan lease)
    {
        if (
            state == "OK"
            && _accepted.Find(x => x.Lane == lane && world.Elapsed - x.At > lease + Slack && hub.Account.Find(x.Id) is null)
                is { Id: not null } waits
        )
        {
            Violated("I7", $"{lane} is OK while an operation has waited {(world.Elapsed - waits.At).TotalSeconds:F0} s");
        }
    }

    /// <summary>Accepted operations that the hub does not have.</summary>
    public int Missing => _accepted.Count(x => hub.Account.Find(x.Id) is null);

    public int Enqueued => _accepted.Count;

    private int IndexOf(AccessToken token) => _given.GetValueOrDefault(token.Secret, -1);
}

/// <summary>Stands before the network of one process: I5, and what the oracle wants to know.</summary>
internal sealed class WatchedHub(IHubPort hub, StormOracle oracle) : IHubPort
{
    private int _refreshes;

    public async Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation)
    {
        oracle.Sends(call);
        var refresh = call.Path == "/v1/auth/refresh";
        if (refresh && ++_refreshes > 1)
        {
            oracle.Violated("I5", $"{_refreshes} refreshes are under way");
        }

        try
        {
            var reply = await hub.SendAsync(call, cancellation).ConfigureAwait(false);
            oracle.Answered(call, reply);
            return reply;
        }
        finally
        {
            _refreshes -= refresh ? 1 : 0;
        }
    }

    public Task<HubOpening> OpenAsync(HubCall call, CancellationToken cancellation)
    {
        oracle.Sends(call);
        return hub.OpenAsync(call, cancellation);
    }
}

/// <summary>The credential's disk: outlives processes, and may fail.</summary>
internal sealed class StormStore(StormOracle oracle) : ICredentialStore
{
    public StoredCredential Content { get; private set; } = StoredCredential.Nothing;

    /// <summary>So many more writes and reads fail.</summary>
    public int Failures { get; set; }

    public StoredCredential Load()
    {
        Fail();
        return Content;
    }

    public void Save(StoredCredential credential)
    {
        Fail();
        oracle.Saved(Content, credential);
        Content = credential;
    }

    private void Fail()
    {
        if (Failures > 0)
        {
            Failures--;
            throw new CredentialUnavailableException("the disk fails", "wait");
        }
    }
}
