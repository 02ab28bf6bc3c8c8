using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorSync.TestKit.Hubs;

/// <summary>A hub in memory that keeps the protocol's rules, can be told to break each of them, and remembers what it was asked.</summary>
/// <remarks>
/// Not safe for several threads; the transports (<see cref="FakeHubHandler"/> in virtual time, <see cref="FakeHubServer"/> on a real socket) take turns.
/// <c>hub.Next(Misbehaviour.Html200)</c> spoils the next push, <c>hub.Next(…, times: 3, when: x =&gt; …)</c> others; <c>hub.Behave()</c> ends all of it.
/// </remarks>
public sealed class FakeHub
{
    private const int MaxBody = 4 << 20;

    private readonly Func<DateTimeOffset> _now;
    private readonly DateTimeOffset _start;
    private readonly Dictionary<string, HubAccount> _accounts = new(StringComparer.Ordinal);
    private readonly List<Rule> _rules = [];
    private readonly HubTokens _tokens;

    public FakeHub(Func<DateTimeOffset> now)
    {
        (_now, _start, _tokens) = (now, now(), new HubTokens(now));
        Account = AccountNamed("ada");
    }

    public FakeHub(World world)
        : this(() => world.Now) { }

    /// <summary>The account that tokens and codes are for unless told otherwise.</summary>
    public HubAccount Account { get; private set; }

    /// <summary>Every request, oldest first.</summary>
    public List<HubExchange> Exchanges { get; } = [];

    public IEnumerable<HubExchange> Pushes => Exchanges.Where(static x => x.Request.IsPush);

    /// <summary>Said after each push that stored something; for those who follow by a socket.</summary>
    public event Action Committed = static () => { };

    /// <summary>Tells the followers, for a test that changes the account by itself.</summary>
    public void Announce() => Committed();

    /// <summary>How many misbehaviours were shown.</summary>
    public int Misbehaved { get; private set; }

    public TimeSpan AccessLife
    {
        get => _tokens.AccessLife;
        set => _tokens.AccessLife = value;
    }

    public HubAccount AccountNamed(string name)
    {
        if (!_accounts.TryGetValue(name, out var account))
        {
            _accounts[name] = account = new HubAccount(name);
        }

        return account;
    }

    /// <summary>A token to paste; it speaks for any device of the account unless one is named.</summary>
    public string IssueToken(string? device = null, TimeSpan? life = null, string? account = null) =>
        _tokens.Issue(account ?? Account.Name, device, life ?? TimeSpan.FromDays(365));

    public string NewPairingCode(TimeSpan? life = null, string? account = null) => _tokens.NewCode(account ?? Account.Name, life);

    /// <summary>Whether this access token is good now.</summary>
    public bool Takes(string token) => _tokens.Authorise(token).Caller is not null;

    public void RevokeAll() => _tokens.Revoke(static _ => true);

    /// <summary>Spoils matching requests (pushes unless told) from now on, so many times.</summary>
    public void Next(Misbehaviour misbehaviour, int times = 1, Func<HubRequest, bool>? when = null) =>
        _rules.Add(new Rule(misbehaviour, times, when ?? (static x => x.IsPush), static () => true));

    /// <summary>Spoils matching requests by chance until <see cref="Behave"/>.</summary>
    public void Sometimes(Misbehaviour misbehaviour, double probability, Random random, Func<HubRequest, bool>? when = null) =>
        _rules.Add(new Rule(misbehaviour, int.MaxValue, when ?? (static x => x.IsPush), () => random.NextDouble() < probability));

    public void Behave() => _rules.Clear();

    /// <summary>A backup of the default account's data.</summary>
    public HubAccount Backup() => Account.Copy();

    /// <summary>The hub's disk is replaced by the backup; tokens stay good.</summary>
    public void Restore(HubAccount backup)
    {
        Account = backup.Copy();
        _accounts[Account.Name] = Account;
    }

    public HubReaction Handle(HubRequest request)
    {
        var rule = _rules.Find(x => x.Fits(request));
        if (rule is { Used: true })
        {
            _rules.Remove(rule);
        }

        Misbehaved += rule is null ? 0 : 1;
        var before = Account.LastId;
        var doesIt = rule?.Misbehaviour switch
        {
            null or Misbehaviour.Truncated or Misbehaviour.NamesOnly or Misbehaviour.Late or Misbehaviour.Duplicated => true,
            Misbehaviour.Swallows swallows => swallows.AfterCommit,
            var other => other.AfterCommit,
        };
        var right = doesIt ? Answer(request) : null;
        if (rule?.Misbehaviour is Misbehaviour.Duplicated)
        {
            right = Answer(request);
        }

        var reaction = rule is null ? new HubReaction(right) : Spoil(rule.Misbehaviour, right);
        Exchanges.Add(Record(request, reaction, right, rule?.Misbehaviour));
        if (Account.LastId > before)
        {
            Committed();
        }

        return reaction;
    }

    private static HubReaction Spoil(Misbehaviour misbehaviour, HubAnswer? right) =>
        misbehaviour switch
        {
            Misbehaviour.Answers answers => new HubReaction(answers.Answer),
            Misbehaviour.Truncated truncated => new HubReaction(right) { CutAfter = truncated.AfterBytes, Reset = true },
            Misbehaviour.NamesOnly names => new HubReaction(NameOnly(right!, names.Count)),
            Misbehaviour.NamesForeign => new HubReaction(NameForeign()),
            Misbehaviour.Resets => new HubReaction(null) { Reset = true },
            Misbehaviour.Late late => new HubReaction(right) { Delay = late.By },
            Misbehaviour.Duplicated => new HubReaction(right),
            _ => new HubReaction(null),
        };

    private static HubAnswer NameOnly(HubAnswer right, int count)
    {
        if (right.Status != 200 || JsonNode.Parse(right.Body) is not JsonObject body)
        {
            return right;
        }

        body["accepted"] = new JsonArray([.. body["accepted"]!.AsArray().Take(count).Select(static x => x!.DeepClone())]);
        body["rejected"] = new JsonArray();
        return HubAnswer.Json(200, body);
    }

    private static HubAnswer NameForeign() =>
        HubAnswer.Json(
            200,
            new JsonObject
            {
                ["accepted"] = new JsonArray(
                    new JsonObject
                    {
                        ["operation_id"] = "01890000-0000-7000-8000-00000000f0f0",
                        ["id"] = 1,
                        ["lamport_ts"] = 1,
                        ["duplicate"] = false,
                    }
                ),
                ["rejected"] = new JsonArray(),
                ["last_id"] = 0,
                ["head"] = null,
                ["receipt"] = null,
            }
        );

    private HubExchange Record(HubRequest request, HubReaction reaction, HubAnswer? right, Misbehaviour? misbehaviour)
    {
        var (ids, clock) = (Array.Empty<string>(), (long?)null);
        if (request.IsPush && TryParse(request.Body, out var body) && body["ops"] is JsonArray ops)
        {
            ids = [.. ops.Select(static x => (string?)x?["operation_id"] ?? "")];
            clock = (long?)body["clock"];
        }

        var committed = request.IsPush && right?.Status == 200;
        return new HubExchange(_now() - _start, request, ids, clock, reaction.Answer?.Status, committed, misbehaviour)
        {
            NamedIds =
                (request.IsPush || request.IsPull) && reaction is { CutAfter: null, Answer: { Status: 200 } answer } ? Named(answer) : [],
        };
    }

    private static string[] Named(HubAnswer answer) =>
        TryParse(answer.Body, out var body)
            ?
            [
                .. new[] { "accepted", "rejected", "ops" }
                    .SelectMany(list => body[list] as JsonArray ?? [])
                    .Select(static x => (string?)x?["operation_id"] ?? ""),
            ]
            : [];

    private HubAnswer Answer(HubRequest request)
    {
        if (HubRoutes.Open(request, _tokens) is { } open)
        {
            return open;
        }

        var (caller, refusal) = _tokens.Authorise(request.Bearer);
        if (caller is null)
        {
            return refusal!;
        }

        if (request.Body.Length > MaxBody)
        {
            return HubAnswer.Json(
                413,
                new JsonObject
                {
                    ["error"] = "too_large",
                    ["message"] = "over 4 MiB",
                    ["limit_bytes"] = MaxBody,
                }
            );
        }

        return HubRoutes.Authorised(request, AccountNamed(caller.Account), caller, _tokens);
    }

    internal static bool TryParse(byte[] bytes, out JsonObject body)
    {
        try
        {
            body = JsonNode.Parse(bytes) as JsonObject ?? [];
            return true;
        }
        catch (JsonException)
        {
            body = [];
            return false;
        }
    }

    private sealed class Rule(Misbehaviour misbehaviour, int times, Func<HubRequest, bool> when, Func<bool> chance)
    {
        private int _left = times;

        public Misbehaviour Misbehaviour => misbehaviour;

        public bool Used => _left == 0;

        public bool Fits(HubRequest request)
        {
            if (_left == 0 || !when(request) || !chance())
            {
                return false;
            }

            _left -= _left == int.MaxValue ? 0 : 1;
            return true;
        }
    }
}
