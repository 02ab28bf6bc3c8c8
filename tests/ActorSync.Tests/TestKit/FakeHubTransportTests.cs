using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.TestKit;

/// <summary>The same misbehaviours over the virtual wire and over a real socket.</summary>
public sealed class FakeHubTransportTests : IDisposable
{
    private const string Body =
        """{"device_id":"d","clock":1,"ops":[{"operation_id":"01890000-0000-7000-8000-000000000001","lamport_ts":1,"entity":"e","entity_id":"1","op":"set","payload":1}]}""";

    private readonly World _world = new(seed: 2);

    public static TheoryData<string> Names => [.. Misbehaviours.Keys];

    private static Dictionary<string, (Misbehaviour Does, string Outcome, bool Stored)> Misbehaviours =>
        new(StringComparer.Ordinal)
        {
            ["html 200"] = (Misbehaviour.Html200, "200 text/html", false),
            ["html 200 after commit"] = (Misbehaviour.Html200 with { AfterCommit = true }, "200 text/html", true),
            ["truncated"] = (new Misbehaviour.Truncated(10), "broken", true),
            ["names none"] = (new Misbehaviour.NamesOnly(0), "200 application/json", true),
            ["names foreign"] = (new Misbehaviour.NamesForeign(), "200 application/json", false),
            ["request lost"] = (new Misbehaviour.Resets(), "broken", false),
            ["answer lost"] = (new Misbehaviour.Resets { AfterCommit = true }, "broken", true),
            ["black hole"] = (new Misbehaviour.Swallows(), "nothing", false),
            ["late"] = (new Misbehaviour.Late(TimeSpan.FromMilliseconds(20)), "200 application/json", true),
            ["duplicated"] = (new Misbehaviour.Duplicated(), "200 application/json", true),
            ["redirect"] = (Misbehaviour.RedirectsTo("http://127.0.0.1:1/"), "307 ", false),
            ["busy"] = (Misbehaviour.Busy(503, "7"), "503 application/json retry 7", false),
            ["unauthorised"] = (Misbehaviour.Auth(401, "token_revoked"), "401 application/json", false),
        };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_misbehaviour_shows_on_the_virtual_wire(string name)
    {
        var (misbehaviour, outcome, stored) = Misbehaviours[name];
        var hub = new FakeHub(_world);
        hub.Next(misbehaviour);
        using var http = new HttpClient(new FakeHubHandler(_world.Node, hub)) { Timeout = Timeout.InfiniteTimeSpan };

        _world.Await(() => Outcome(http, "http://hub.test", hub.IssueToken(), Cancel())).ShouldBe(outcome);
        hub.Account.Log.Count.ShouldBe(stored ? 1 : 0);
        hub.Account.Applied.Count.ShouldBe(stored ? 1 : 0);
        _world
            .Await(() => Outcome(http, "http://hub.test", hub.IssueToken(), Cancel()))
            .ShouldBe("200 application/json", "only the next one is spoilt");
        _world.Strays.ShouldBe(0);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_misbehaviour_shows_on_a_real_socket(string name)
    {
        var (misbehaviour, outcome, stored) = Misbehaviours[name];
        await using var server = await FakeHubServer.StartAsync();
        var token = server.With(hub =>
        {
            hub.Next(misbehaviour);
            return hub.IssueToken();
        });
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var http = new HttpClient(handler);
        using var soon = new CancellationTokenSource(name == "black hole" ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromSeconds(20));

        (await Outcome(http, server.Address.ToString().TrimEnd('/'), token, soon.Token)).ShouldBe(outcome);
        server.With(hub => hub.Account.Log.Count).ShouldBe(stored ? 1 : 0);
    }

    [Fact]
    public void Gzip_is_read_and_ids_clock_and_time_of_each_push_are_kept()
    {
        var hub = new FakeHub(_world);
        _world.Run(TimeSpan.FromSeconds(5));
        using var http = new HttpClient(new FakeHubHandler(_world.Node, hub));
        _world.Await(() => Outcome(http, "http://hub.test", hub.IssueToken(), default, gzip: true)).ShouldBe("200 application/json");
        var push = hub.Pushes.Single();
        (push.OperationIds.Count, push.Clock, push.Status, push.Committed, push.Request.Gzip).ShouldBe((1, 1, 200, true, true));
        push.At.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void A_wire_that_is_down_reaches_nobody_and_one_way_reaches_the_hub()
    {
        var hub = new FakeHub(_world);
        var wire = new VirtualWire { IsDown = true };
        using var http = new HttpClient(new FakeHubHandler(_world.Node, hub, wire));
        _world.Await(() => Outcome(http, "http://hub.test", hub.IssueToken(), default)).ShouldBe("broken");
        hub.Exchanges.ShouldBeEmpty();

        wire.Heal();
        wire.AnswersBlocked = true;
        _world.Await(() => Outcome(http, "http://hub.test", hub.IssueToken(), default)).ShouldBe("broken");
        hub.Account.Log.Count.ShouldBe(1);
    }

    [Fact]
    public void Tokens_expire_are_revoked_and_are_renewed_with_grace()
    {
        var hub = new FakeHub(_world) { AccessLife = TimeSpan.FromMinutes(1) };
        var code = hub.NewPairingCode();
        var paired = Post(
            hub,
            "/v1/auth/devices/redeem",
            new JsonObject
            {
                ["code"] = code,
                ["device_id"] = "d",
                ["nonce"] = "n",
            }
        );
        Post(
            hub,
            "/v1/auth/devices/redeem",
            new JsonObject
            {
                ["code"] = code,
                ["device_id"] = "d",
                ["nonce"] = "n",
            }
        )
            .Body.ShouldBe(paired.Body);
        Post(
            hub,
            "/v1/auth/devices/redeem",
            new JsonObject
            {
                ["code"] = code,
                ["device_id"] = "d",
                ["nonce"] = "m",
            }
        )
            .Error.ShouldBe("already_redeemed");
        Post(hub, "/v1/auth/devices/redeem", new JsonObject { ["code"] = "AAAAAAAA", ["device_id"] = "d" }).Error.ShouldBe("unknown_code");

        var (access, refresh) = Tokens(paired.Body);
        Me(hub, access).ShouldBe("");
        _world.Run(TimeSpan.FromMinutes(2));
        Me(hub, access).ShouldBe("token_expired");
        var renewal = new JsonObject { ["refresh_token"] = refresh, ["device_id"] = "d" };
        var first = Post(hub, "/v1/auth/refresh", renewal);
        Post(hub, "/v1/auth/refresh", renewal).Status.ShouldBe(200, "the answer may have been lost");
        Me(hub, Tokens(first.Body).Access).ShouldBe("");

        _world.Run(TimeSpan.FromMinutes(2));
        Post(hub, "/v1/auth/refresh", renewal).Error.ShouldBe("invalid_grant");
        Me(hub, Tokens(first.Body).Access).ShouldBe("token_revoked", "an old refresh token ends its family");
        Me(hub, "no.such.token").ShouldBe("token_invalid");
    }

    public void Dispose() => _world.Dispose();

    private static (string Access, string Refresh) Tokens(string body)
    {
        var json = JsonNode.Parse(body)!;
        return ((string)json["access_token"]!, (string)json["refresh_token"]!);
    }

    private static (int Status, string Body, string? Error) Post(FakeHub hub, string path, JsonObject body)
    {
        var answer = hub.Handle(HubTransport.Read("POST", path, "", null, Encoding.UTF8.GetBytes(body.ToJsonString()), null)).Answer!;
        var text = Encoding.UTF8.GetString(answer.Body);
        return (answer.Status, text, (string?)JsonNode.Parse(text)!["error"]);
    }

    private static string Me(FakeHub hub, string token)
    {
        var answer = hub.Handle(HubTransport.Read("GET", "/v1/auth/me", "", $"Bearer {token}", [], null)).Answer!;
        return answer.Status == 200 ? "" : (string)JsonNode.Parse(answer.Body)!["error"]!;
    }

    private CancellationToken Cancel() => new CancellationTokenSource(TimeSpan.FromSeconds(20), _world.Time).Token;

    private static async Task<string> Outcome(HttpClient http, string hub, string token, CancellationToken cancellation, bool gzip = false)
    {
        var body = Encoding.UTF8.GetBytes(Body);
        using var content = new ByteArrayContent(gzip ? Zip(body) : body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        using var request = new HttpRequestMessage(HttpMethod.Post, hub + "/api/v1/sync/ops") { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            await response.Content.ReadAsByteArrayAsync(cancellation);
            var retry = response.Headers.RetryAfter is { } after ? $" retry {after}" : "";
            return $"{(int)response.StatusCode} {response.Content.Headers.ContentType?.MediaType}{retry}";
        }
        catch (OperationCanceledException)
        {
            return "nothing";
        }
        catch (Exception error) when (error is HttpRequestException or HttpIOException)
        {
            return "broken";
        }
    }

    private static byte[] Zip(byte[] bytes)
    {
        using var zipped = new MemoryStream();
        using (var gzip = new GZipStream(zipped, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return zipped.ToArray();
    }
}
