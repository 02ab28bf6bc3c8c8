using System.Buffers.Binary;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using ActorSync.Hub;
using ActorSync.Platform;
using Shouldly;

namespace ActorSync.Tests.Hub;

/// <summary>A hub of its own on loopback, in a folder of its own, with a clock that the test moves.</summary>
internal sealed class HubWorld : IAsyncDisposable
{
    private readonly List<HttpClient> _clients = [];
    private readonly Func<HubOptions, HubOptions> _change;
    private int _next;

    private HubWorld(string folder, HubServer hub, HandClock clock, HandChance chance, Func<HubOptions, HubOptions> change)
    {
        (Folder, Hub, Clock, Chance, _change) = (folder, hub, clock, chance, change);
    }

    public string Folder { get; }

    public HubServer Hub { get; private set; }

    public HandClock Clock { get; }

    public HandChance Chance { get; }

    public static Task<HubWorld> StartAsync(HubLimits? limits = null) =>
        StartAsync(options => limits is null ? options : options with { Limits = limits });

    public static async Task<HubWorld> StartAsync(Func<HubOptions, HubOptions> change)
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-hub-").FullName;
        var (clock, chance) = (new HandClock(), new HandChance());
        return new HubWorld(folder, await HubServer.StartAsync(change(Options(folder, clock, chance))), clock, chance, change);
    }

    public static HubOptions Options(string folder, HandClock clock, HandChance chance, HubLimits? limits = null) =>
        new()
        {
            DataDirectory = folder,
            Time = clock,
            Chance = chance,
            Limits = limits ?? new HubLimits { PairingTriesPerMinute = 1_000 },
        };

    /// <summary>A device with a pasted token.</summary>
    public async Task<HubDevice> JoinAsync(string account = "ada", string? deviceId = null)
    {
        var id = deviceId ?? $"device-{++_next}";
        return new HubDevice(this, id, await Hub.IssueTokenAsync(account, id, TimeSpan.FromDays(1)));
    }

    public HttpClient Client(string? token = null)
    {
        var client = new HttpClient { BaseAddress = Hub.Addresses[0], Timeout = TimeSpan.FromSeconds(30) };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        _clients.Add(client);
        return client;
    }

    /// <summary>What a power cut would leave: the files as they are now, opened by another hub.</summary>
    public async Task<HubWorld> CrashedCopyAsync()
    {
        var folder = Directory.CreateTempSubdirectory("actorsync-hub-").FullName;
        foreach (var name in new[] { "hub.db", "hub.db-wal", "hub.key" })
        {
            if (File.Exists(Path.Combine(Folder, name)))
            {
                File.Copy(Path.Combine(Folder, name), Path.Combine(folder, name));
            }
        }

        return new HubWorld(folder, await HubServer.StartAsync(_change(Options(folder, Clock, Chance))), Clock, Chance, _change);
    }

    public async Task RestartAsync(HubLimits? limits = null)
    {
        await Hub.DisposeAsync();
        var options = _change(Options(Folder, Clock, Chance));
        Hub = await HubServer.StartAsync(limits is null ? options : options with { Limits = limits });
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Hub.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}

/// <summary>A device as the wire sees it.</summary>
internal sealed class HubDevice(HubWorld world, string id, string token)
{
    private readonly HttpClient _http = world.Client(token);

    public string Id { get; } = id;

    public string Token { get; } = token;

    /// <summary>The same device at a hub that was started again, at another port.</summary>
    public HubDevice At(HubWorld there) => new(there, Id, Token);

    public async Task<Answer> PushAsync(long? clock, params JsonObject[] ops) => await PushAsync(Envelope(clock, ops));

    public JsonObject Envelope(long? clock, params JsonObject[] ops)
    {
        var body = new JsonObject { ["device_id"] = Id, ["ops"] = new JsonArray([.. ops.Select(o => o.DeepClone())]) };
        if (clock is not null)
        {
            body["clock"] = clock;
        }

        return body;
    }

    public Task<Answer> PushAsync(JsonNode body) => SendAsync(HttpMethod.Post, "/api/v1/sync/ops", new StringContent(body.ToJsonString()));

    public Task<Answer> GetAsync(string path) => SendAsync(HttpMethod.Get, path, null);

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content)
    {
        using var request = new HttpRequestMessage(method, new Uri(world.Hub.Addresses[0], path)) { Content = content };
        return await Answer.ReadAsync(await _http.SendAsync(request));
    }

    /// <summary>The account's whole log, read page by page; each page's head is checked against the chain when nothing was ever moved.</summary>
    public async Task<List<JsonObject>> PullAllAsync(int limit = 1_000)
    {
        var (since, more) = (0L, true);
        var ops = new List<JsonObject>();
        while (more)
        {
            var page = await GetAsync($"/api/v1/sync/ops?since={since}&limit={limit}");
            page.Status.ShouldBe(200);
            ops.AddRange(page.Body["ops"]!.AsArray().Select(o => o!.AsObject()));
            since = page.Number("last_id");
            more = page.Body["has_more"]!.GetValue<bool>();
        }

        return ops;
    }
}

/// <summary>A status and its JSON.</summary>
internal sealed record Answer(int Status, JsonNode Body, HttpResponseHeaders Headers, string? MediaType)
{
    public string? Error => Body is JsonObject ? Text("error") : null;

    public JsonArray Accepted => Body["accepted"]!.AsArray();

    public JsonArray Rejected => Body["rejected"]!.AsArray();

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        using var held = response;
        var text = await response.Content.ReadAsStringAsync();
        return new Answer(
            (int)response.StatusCode,
            text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!,
            response.Headers,
            response.Content.Headers.ContentType?.ToString()
        );
    }

    public string? Text(string field) => Body[field]?.GetValue<string>();

    public long Number(string field) => Body[field]!.GetValue<long>();

    public Answer ShouldBe(int status, string? error = null)
    {
        Status.ShouldBe(status, Body.ToJsonString());
        Error.ShouldBe(error);
        if (error is not null)
        {
            MediaType.ShouldBe("application/json");
            Text("message").ShouldNotBeNullOrWhiteSpace();
        }

        return this;
    }
}

/// <summary>Makes operations as a device would write them.</summary>
internal static class Op
{
    private static int _last;

    public static string NewId() => $"018f3c5a-7b00-7000-8000-{Interlocked.Increment(ref _last):x12}";

    public static JsonObject Set(long lamport, string entityId = "p1", string payload = "{\"title\":\"x\"}", string? id = null) =>
        new()
        {
            ["operation_id"] = id ?? NewId(),
            ["lamport_ts"] = lamport,
            ["entity"] = "playlist",
            ["entity_id"] = entityId,
            ["field"] = null,
            ["op"] = "set",
            ["payload"] = JsonNode.Parse(payload),
            ["lane"] = "bulk",
            ["schema"] = 1,
            ["published"] = false,
        };

    public static JsonObject With(this JsonObject op, string field, JsonNode? value)
    {
        var changed = op.DeepClone().AsObject();
        changed[field] = value;
        return changed;
    }

    public static JsonObject Without(this JsonObject op, string field)
    {
        var changed = op.DeepClone().AsObject();
        changed.Remove(field);
        return changed;
    }

    public static JsonObject Published(this JsonObject op, string device) => op.With("published", true).With("device_id", device);

    public static string Id(this JsonNode op) => op["operation_id"]!.GetValue<string>();
}

/// <summary>The head chain, written again from PROTOCOL.</summary>
internal static class Chain
{
    public static readonly string Genesis = new('0', 64);

    public static string Next(string previous, long id, string operation, long lamport)
    {
        Span<byte> link = stackalloc byte[64];
        Convert.FromHexString(previous).CopyTo(link);
        BinaryPrimitives.WriteInt64BigEndian(link[32..], id);
        Convert.FromHexString(operation.Replace("-", "", StringComparison.Ordinal)).CopyTo(link[40..]);
        BinaryPrimitives.WriteInt64BigEndian(link[56..], lamport);
        return Convert.ToHexStringLower(SHA256.HashData(link));
    }

    public static string Of(IEnumerable<JsonObject> ops) =>
        ops.Aggregate(Genesis, (head, op) => Next(head, op["id"]!.GetValue<long>(), op.Id(), op["lamport_ts"]!.GetValue<long>()));
}

/// <summary>Real chance, which can be told to fail.</summary>
internal sealed class HandChance : IChance
{
    private readonly SystemChance _real = new();

    /// <summary>A fill of exactly so many bytes throws; 0 for none.</summary>
    public int FailOn { get; set; }

    public double NextDouble() => _real.NextDouble();

    public void Fill(Span<byte> bytes)
    {
        if (bytes.Length == FailOn)
        {
            throw new NotSupportedException("planted");
        }

        _real.Fill(bytes);
    }
}
