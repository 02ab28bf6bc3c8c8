using System.Text;
using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.Status;
using ActorSync.TestKit.Network;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Adversaries;

/// <summary>What stands in the hub's place is no evidence against a credential: a runtime, a hub, real sockets and TLS between them.</summary>
public sealed class EvidenceTests : IDisposable
{
    private const string Json = "application/json";
    private const string Html = "text/html";
    private const string Page = "<html><body>Welcome to the hotel. Please sign in.</body></html>";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-evidence-");
    private readonly TestCertificates _certificates = new();

    public static TheoryData<string, string> Interceptions =>
        new()
        {
            { "a portal's page with 200", "a web page answered in the hub's place" },
            { "a portal's page with 511", "a web page answered in the hub's place" },
            { "a portal's redirect", "the network sends us to another site" },
            { "a page with 401", "a web page answered in the hub's place" },
            { "an empty 401", "a refusal that is not the hub's" },
            { "a 401 with somebody else's JSON", "a refusal that is not the hub's" },
            { "a 401 with a code that the protocol does not have", "a refusal that is not the hub's" },
            { "an empty 403", "a refusal that is not the hub's" },
            { "a page with 403", "a web page answered in the hub's place" },
            { "a proxy's 407", "the proxy wants a sign-in" },
            { "a proxy that wants a sign-in before the tunnel", "the proxy wants a sign-in" },
            { "a certificate of another issuer", "an issuer that this machine does not trust" },
            { "a certificate for another name", "certificate is for another name" },
            { "a certificate that begins in the future", "certificate begins in the future" },
            { "a certificate that has ended", "certificate has expired" },
            { "a reset", "the connection was cut" },
            { "half an answer", "the connection ended inside an answer" },
            { "garbage", "is no HTTP" },
        };

    [Theory]
    [MemberData(nameof(Interceptions))]
    [Trait("criterion", "A8")]
    [Trait("criterion", "D13")]
    [Trait("criterion", "H8")]
    public async Task What_stands_in_the_hubs_place_costs_no_credential_and_no_operation(string what, string text)
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = Path.Combine(_folder.FullName, "hub") });
        await using var between = new Interceptor(hub.Addresses[0], _certificates);
        await using var proxy = AdversaryServer.Answering("HTTP/1.1 407 Sign in\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n");
        var way = new SwitchedProxy();
        await using var runtime = await StartAsync(way);
        var profile = runtime.Default;
        var pairing = await hub.CreatePairingCodeAsync("ada");
        await profile.PairAsync(between.Address, pairing.Code, CancellationToken.None);
        var first = await runtime.EnqueueAsync(Operation("1"));
        (await runtime.WaitForReceiptAsync(first.OperationId)).Delivered.ShouldBeTrue();
        var before = await runtime.GetStatusAsync();

        Intercept(what, between, way, proxy);
        var second = await runtime.EnqueueAsync(Operation("2"));
        var during = await FailedAsync(profile);

        during.Drain.LastError.ShouldNotBeNull().ShouldContain(text);
        during.Auth.State.ShouldBe("signed_in");
        during.Auth.Generation.ShouldBe(before.Auth.Generation);
        during.Health.State.ShouldNotBe("OK");
        during.Health.State.ShouldNotBe("PAUSED");
        (during.Queue.Pending, during.Queue.Dead, during.Queue.Parked).ShouldBe((1, 0, 0));

        (between.Fault, between.Certificate, way.Proxy) = (null, _certificates.Good(), null);
        await profile.DrainAsync();
        (await runtime.WaitForReceiptAsync(second.OperationId)).Delivered.ShouldBeTrue();
        (await runtime.GetStatusAsync()).Auth.Generation.ShouldBe(before.Auth.Generation);
    }

    [Fact]
    [Trait("criterion", "A8")]
    [Trait("criterion", "D13")]
    [Trait("criterion", "H1")]
    public async Task A_hub_whose_clock_is_a_year_off_makes_no_token_old_and_the_failed_renewal_is_shown()
    {
        await using var hub = await HubServer.StartAsync(new HubOptions { DataDirectory = Path.Combine(_folder.FullName, "hub") });
        await using var between = new Interceptor(hub.Addresses[0], _certificates);
        await using var runtime = await StartAsync(new SwitchedProxy());
        var profile = runtime.Default;
        await profile.PairAsync(between.Address, (await hub.CreatePairingCodeAsync("ada")).Code, CancellationToken.None);
        var first = await runtime.EnqueueAsync(Operation("1"));
        (await runtime.WaitForReceiptAsync(first.OperationId)).Delivered.ShouldBeTrue();
        var before = await runtime.GetStatusAsync();

        var off = TimeProvider.System.GetUtcNow().AddYears(1);
        between.Fault = Answer("401 Unauthorized", Json, """{"error":"token_expired","message":"too old"}""", $"Date: {off:R}\r\n");
        var second = await runtime.EnqueueAsync(Operation("2"));
        var during = await StatusAsync(profile, static status => status.Health.Reason.Contains("renewed:", StringComparison.Ordinal));

        during.Health.State.ShouldBe("ERR");
        during.Health.Reason.ShouldContain("the credential could not be renewed");
        during.Health.Reason.ShouldContain("its clock and ours differ");
        during.Health.Reason.ShouldContain("by 36");
        during.Health.Lanes.Values.ShouldAllBe(lane => lane.State == "ERR");
        during.Health.NextRetry.ShouldNotBeNull();
        during.Notice.ShouldNotBeNull().Code.ShouldBe("not_sent");
        (during.Auth.State, during.Auth.Generation, during.Auth.LostAt).ShouldBe(("signed_in", before.Auth.Generation, null));
        (during.Queue.Pending, during.Queue.Dead, during.Queue.Parked).ShouldBe((1, 0, 0));
        var explained = await profile.ExplainAsync(second.OperationId);
        explained.Cause.ShouldBe("backoff");
        explained.Text.ShouldContain("could not be renewed");

        between.Fault = null;
        (await runtime.WaitForReceiptAsync(second.OperationId)).Delivered.ShouldBeTrue();
        (await StatusAsync(profile, static status => status.Health.State == "OK")).Auth.State.ShouldBe("signed_in");
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Delete(recursive: true);
    }

    private static async Task<StatusSnapshot> StatusAsync(SyncProfile profile, Func<StatusSnapshot, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var status = await profile.GetStatusAsync();
        for (; !holds(status); status = await profile.GetStatusAsync())
        {
            patience.IsCancellationRequested.ShouldBeFalse($"it never came to be: {status}");
            await look.WaitForNextTickAsync();
        }

        return status;
    }

    // A pass that was under way when the fault began may end well.
    private static async Task<StatusSnapshot> FailedAsync(SyncProfile profile)
    {
        for (var pass = 0; ; pass++)
        {
            var report = await profile.DrainAsync();
            var status = await profile.GetStatusAsync();
            if (status.Drain.LastError is not null)
            {
                report.Stopped.ShouldNotBeNull();
                return status;
            }

            pass.ShouldBeLessThan(20, $"the fault was never met: {report} {status}");
        }
    }

    private void Intercept(string what, Interceptor between, SwitchedProxy way, AdversaryServer proxy)
    {
        switch (what)
        {
            case "a certificate of another issuer":
                between.Certificate = _certificates.SelfSigned();
                break;
            case "a certificate for another name":
                between.Certificate = _certificates.ForAnotherName();
                break;
            case "a certificate that begins in the future":
                between.Certificate = _certificates.NotYetValid();
                break;
            case "a certificate that has ended":
                between.Certificate = _certificates.Expired();
                break;
            case "a proxy that wants a sign-in before the tunnel":
                way.Proxy = proxy.Address;
                break;
            default:
                between.Fault = Fault(what);
                break;
        }
    }

    private static Func<AdversaryConnection, Task> Fault(string what) =>
        what switch
        {
            "a portal's page with 200" => Answer("200 OK", Html, Page),
            "a portal's page with 511" => Answer("511 Network Authentication Required", Html, Page),
            "a portal's redirect" => Answer("302 Found", Html, "", "Location: https://portal.example/login\r\n"),
            "a page with 401" => Answer("401 Unauthorized", Html, Page),
            "an empty 401" => Answer("401 Unauthorized", Html, "", "WWW-Authenticate: Basic realm=\"gate\"\r\n"),
            "a 401 with somebody else's JSON" => Answer("401 Unauthorized", Json, """{"detail":"no session"}"""),
            "a 401 with a code that the protocol does not have" => Answer(
                "401 Unauthorized",
                Json,
                """{"error":"session_gone","message":"sign in"}"""
            ),
            "an empty 403" => Answer("403 Forbidden", Html, ""),
            "a page with 403" => Answer("403 Forbidden", Html, Page),
            "a proxy's 407" => Answer("407 Sign in", Html, Page, "Proxy-Authenticate: Basic\r\n"),
            "a reset" => connection =>
            {
                connection.Reset();
                return Task.CompletedTask;
            },
            "half an answer" => connection =>
                connection.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"),
            "garbage" => connection => connection.WriteAsync("\u0001\u0002 hello\r\n\r\n"),
            _ => throw new ArgumentOutOfRangeException(nameof(what), what, "no such fault"),
        };

    private static Func<AdversaryConnection, Task> Answer(string status, string mediaType, string body, string headers = "") =>
        connection => connection.AnswerAsync(status, mediaType, body, headers + "Connection: close\r\n");

    private Task<SyncRuntime> StartAsync(SwitchedProxy way)
    {
        var options = SyncOptionsReader.Read(Path.Combine(_folder.FullName, "device"), "actorsync.journal.reserve-bytes = 0 B");
        var platform = SyncPlatform.Real();
        return SyncRuntime.StartAsync(options, platform with { HttpHandler = Handler }, null, null, CancellationToken.None);

        HttpMessageHandler Handler()
        {
            var handler = HubTransport.Create(options.Http, platform.Time);
            handler.SslOptions.CertificateChainPolicy = _certificates.Trust();
            (handler.UseProxy, handler.Proxy) = (true, way);
            // Each request meets what is in force now.
            handler.PooledConnectionLifetime = TimeSpan.Zero;
            return handler;
        }
    }

    private static NewOperation Operation(string id) =>
        new()
        {
            Entity = "note",
            EntityId = id,
            Payload = Encoding.UTF8.GetBytes("\"x\""),
        };
}
