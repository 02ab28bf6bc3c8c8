using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using ActorSync.Host;
using ActorSync.Host.Control;
using ActorSync.Host.Service;
using ActorSync.TestKit;
using ActorSync.TestKit.Network;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Host;

/// <summary>The control API on a network against those who should not have it.</summary>
[Trait("criterion", "X1")]
public sealed class RemoteControlTests(ControlRig rig) : IClassFixture<ControlRig>
{
    /// <summary>Each is a way in that worked somewhere. Every one but the last is refused; the last shows that the rig would let a right one through.</summary>
    public static TheoryData<string, string, string> Attacks()
    {
        const string Good = "Host: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n";
        string[] noToken = ["Host: {host}\r\n", "Content-Type: application/json\r\nContent-Length: 2\r\n"];
        var line = "POST /host/actors HTTP/1.1\r\n";
        return new TheoryData<string, string, string>
        {
            { "no token", line + string.Concat(noToken) + "\r\n{}", "401" },
            { "a wrong token", line + Good.Replace("{token}", new string('0', 64)) + "\r\n{}", "401" },
            { "half of the token", line + Good.Replace("{token}", "{half}") + "\r\n{}", "401" },
            { "the token with more behind it", line + Good.Replace("{token}", "{token}0") + "\r\n{}", "401" },
            { "the token in the query", "POST /host/actors?token={token} HTTP/1.1\r\n" + string.Concat(noToken) + "\r\n{}", "400" },
            { "the token in a cookie", line + string.Concat(noToken) + "Cookie: token={token}\r\n\r\n{}", "401" },
            { "the token as basic password", line + Good.Replace("Bearer {token}", "Basic {basic}") + "\r\n{}", "401" },
            { "two tokens", line + Good + "Authorization: Bearer {token}\r\n\r\n{}", "401" },
            { "a name that was rebound to loopback", line + Good.Replace("{host}", "evil.example:{port}") + "\r\n{}", "421" },
            { "a rebound name that begins like ours", line + Good.Replace("{host}", "127.0.0.1.evil.example:{port}") + "\r\n{}", "421" },
            { "our name on another port", line + Good.Replace("{host}", "127.0.0.1:1") + "\r\n{}", "421" },
            { "our name without a port", line + Good.Replace("{host}", "127.0.0.1") + "\r\n{}", "421" },
            { "no host", line + Good.Replace("Host: {host}\r\n", "") + "\r\n{}", "400" },
            { "two hosts", line + Good + "Host: evil.example\r\n\r\n{}", "400" },
            { "another host in the request line", line.Replace(" /", " http://evil.example/") + Good + "\r\n{}", "400" },
            { "a page of another origin", line + Good + "Origin: https://evil.example\r\n\r\n{}", "403" },
            { "a page from a sandbox or a file", line + Good + "Origin: null\r\n\r\n{}", "403" },
            { "a page of another port of this machine", line + Good + "Origin: http://127.0.0.1:1\r\n\r\n{}", "403" },
            { "a page of another site without an origin", line + Good + "Sec-Fetch-Site: cross-site\r\n\r\n{}", "403" },
            { "a form, as a page may send it unasked", line + Good.Replace("application/json", "text/plain") + "\r\n{}", "415" },
            { "a form with another type", line + Good.Replace("application/json", "application/x-www-form-urlencoded") + "\r\n{}", "415" },
            { "a link", "GET /host/actors HTTP/1.1\r\n" + Good + "\r\n{}", "405" },
            { "a preflight", "OPTIONS /host/actors HTTP/1.1\r\n" + Good + "Origin: https://evil.example\r\n\r\n{}", "405" },
            {
                "TRACE, which would show the token",
                "TRACE /host/actors HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n",
                "405"
            },
            { "another method in a header", "GET /host/actors HTTP/1.1\r\n" + Good + "X-HTTP-Method-Override: POST\r\n\r\n{}", "405" },
            {
                "a WebSocket of another origin",
                "GET /host/logs HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                "405"
            },
            {
                "an upgrade with the token",
                line + Good + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n{}",
                "403"
            },
            {
                "an upgrade to HTTP/2",
                line + Good + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n{}",
                "403"
            },
            { "HTTP/2 from the start", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "" },
            {
                "a body in chunks",
                line + Good.Replace("Content-Length: 2", "Transfer-Encoding: chunked") + "\r\n2\r\n{}\r\n0\r\n\r\n",
                "411"
            },
            { "two lengths of one body", line + Good + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "4" },
            { "two different lengths", line + Good + "Content-Length: 100\r\n\r\n{}", "400" },
            { "a length in disguise", line + Good.Replace("Content-Length: 2", "Transfer-Encoding : chunked") + "\r\n0\r\n\r\n", "4" },
            { "a line that is folded", line + Good + "X-A: b\r\n c\r\n\r\n{}", "400" },
            { "a path around the profile", "POST /v1/../host/actors/../../v1/none/status HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "an escaped path", "POST /v1/%2e%2e%2fhost%2factors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "two slashes", "POST //host/actors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "another spelling", "POST /HOST/actors HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "a profile that is a path", "POST /v1/..%2f..%2fetc/status HTTP/1.1\r\n" + Good + "\r\n{}", "404" },
            { "a huge body", line + Good.Replace("Content-Length: 2", "Content-Length: 1073741824") + "\r\n{}", "413" },
            { "huge headers", line + Good + "X-A: {20k}\r\n\r\n{}", "431" },
            { "a thousand headers", line + Good + "{1000 headers}\r\n{}", "431" },
            { "a huge request line", "POST /host/{20k} HTTP/1.1\r\n" + Good + "\r\n{}", "414" },
            { "no JSON", line + Good + "\r\n<>", "409" },
            { "TLS where none is", "\u0016\u0003\u0001\u0000\u00a5\u0001\u0000\u0000", "400" },
            { "nothing but what is right", line + Good + "\r\n{}", "200" },
        };
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task An_attack_is_refused_and_shows_nothing(string name, string request, string status)
    {
        var answer = await rig.SayAsync(Fill(request));

        var isRight = status == "200";
        answer.StartsWith($"HTTP/1.1 {status}", StringComparison.Ordinal).ShouldBe(status.Length > 0, $"{name}: {Head(answer)}");
        answer.Contains("/user/actorsync", StringComparison.Ordinal).ShouldBe(isRight, name);
        answer.ShouldNotContain("Access-Control-", Case.Insensitive, name);
        answer.ShouldNotContain(rig.Token, Case.Insensitive, name);
        answer.ShouldNotContain("HTTP/1.1 101", Case.Sensitive, name);
    }

    [Fact]
    public async Task A_request_that_hides_behind_a_refused_one_is_not_answered()
    {
        const string Inner =
            "POST /host/actors HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}";
        var outer =
            $"POST /host/actors HTTP/1.1\r\nHost: {{host}}\r\nContent-Type: text/plain\r\nContent-Length: {Fill(Inner).Length}\r\n\r\n{Inner}{Inner}";

        var answer = await rig.SayAsync(Fill(outer), untilClosed: true);

        answer.Split("HTTP/1.1 ").Length.ShouldBe(2, answer);
        answer.ShouldStartWith("HTTP/1.1 401");
    }

    [Fact]
    public async Task Headers_that_do_not_end_are_not_waited_for()
    {
        var answer = await rig.SayAsync(Fill("POST /host/actors HTTP/1.1\r\nHost: {host}\r\nX-Slow: "), untilClosed: true);

        answer.ShouldStartWith("HTTP/1.1 408");
    }

    [Fact]
    public void A_token_is_not_guessed_at_speed_and_the_right_one_is_heard_meanwhile()
    {
        var time = new StillTime();
        var guard = new ControlGuard(new HashSet<string> { "127.0.0.1:1" }, new HashSet<string>(), rig.Token, time);

        var refused = Enumerable.Range(0, 100).Select(i => guard.Judge(Request(i.ToString(CultureInfo.InvariantCulture)))!.Status).ToList();

        refused.Count(static status => status == 401).ShouldBe(20);
        refused[^1].ShouldBe(429);
        guard.Judge(Request(rig.Token)).ShouldBeNull();
    }

    [Fact]
    public void A_flood_with_the_right_token_is_bounded()
    {
        var guard = new ControlGuard(new HashSet<string> { "127.0.0.1:1" }, new HashSet<string>(), rig.Token, new StillTime());

        var statuses = Enumerable.Range(0, 1_100).Select(_ => guard.Judge(Request(rig.Token))?.Status).ToList();

        statuses.Count(static status => status is null).ShouldBe(1_000);
        statuses[^1].ShouldBe(429);
    }

    [Fact]
    public void The_hosts_own_page_may_ask()
    {
        var guard = new ControlGuard(
            new HashSet<string> { "127.0.0.1:1" },
            new HashSet<string> { "http://127.0.0.1:1" },
            rig.Token,
            new StillTime()
        );
        var request = Request(rig.Token);
        request.Headers.Origin = "http://127.0.0.1:1";

        guard.Judge(request).ShouldBeNull();
    }

    [Fact]
    public void The_token_is_a_file_of_its_owner_alone_and_stays_the_same()
    {
        var file = ControlToken.FileOf(rig.Folder);

        ControlToken.Ensure(rig.Folder, new ActorSync.Platform.SystemChance()).ShouldBe(rig.Token);
        rig.Token.Length.ShouldBe(64);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(file).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    [Theory]
    [InlineData("http://192.168.1.10:5090")]
    [InlineData("http://hub.example:5090")]
    [InlineData("http://0.0.0.0:5090")]
    [InlineData("https://me:you@host.example:5090")]
    [InlineData("https://host.example:5090/path")]
    [InlineData("ftp://127.0.0.1:1")]
    [InlineData("5090")]
    public void Plain_http_beyond_loopback_and_what_is_no_address_are_refused(string address) =>
        Should.Throw<SyncException>(() => RemoteAddress.Parse("--control", address)).Message.ShouldContain("--control");

    [Theory]
    [InlineData("https://0.0.0.0:5090")]
    [InlineData("https://[::]:5090")]
    public void An_address_that_is_all_addresses_is_refused(string address) =>
        Should.Throw<SyncException>(() => RemoteAddress.Parse("--control", address).CheckListening("--control")).Code.ShouldBe("usage");

    [Fact]
    public async Task Over_https_the_certificate_of_the_settings_is_shown_and_checked()
    {
        using var certificates = new TestCertificates();
        var (pem, key, authority) = (
            Path.Combine(rig.Folder.Path, "c.pem"),
            Path.Combine(rig.Folder.Path, "k.pem"),
            Path.Combine(rig.Folder.Path, "a.pem")
        );
        var good = certificates.Good();
        File.WriteAllText(pem, good.ExportCertificatePem());
        File.WriteAllText(key, good.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(authority, certificates.Authority.ExportCertificatePem());
        var settings = HostSettings.Read(HostOptions.Layers(rig.Folder)) with { ControlCertificate = pem, ControlKey = key };
        var address = RemoteAddress.Parse("--control", "https://127.0.0.1:0");
        await using var remote = await RemoteControl.StartAsync(address, rig.Folder, settings, rig.Desk, CancellationToken.None);
        var there = RemoteAddress.Parse("--control", remote.Address.AbsoluteUri);

        await using var trusting = ControlDoor.Open(there, rig.Token, authority, "default");
        await using var doubting = ControlDoor.Open(there, rig.Token, null, "default");

        (await trusting.AskAsync(Calls.Status, Empty.Value, CancellationToken.None)).Profile.ShouldBe("default");
        (await Should.ThrowAsync<SyncException>(() => doubting.AskAsync(Calls.Status, Empty.Value, CancellationToken.None))).Code.ShouldBe(
            "host_gone"
        );
    }

    [Fact]
    public async Task Https_without_a_certificate_names_the_setting()
    {
        var settings = HostSettings.Read(HostOptions.Layers(rig.Folder));
        var address = RemoteAddress.Parse("--control", "https://127.0.0.1:0");

        (
            await Should.ThrowAsync<InvalidSettingException>(() =>
                RemoteControl.StartAsync(address, rig.Folder, settings, rig.Desk, CancellationToken.None)
            )
        ).Key.ShouldBe("host.control.certificate");
    }

    [Fact]
    public async Task Verbs_reach_the_host_with_its_token_and_not_with_another()
    {
        var file = Path.Combine(rig.Folder.Path, "wrong.token");
        File.WriteAllText(file, new string('a', 64));
        string[] there = ["--control", rig.Address.AbsoluteUri, "--data", rig.Folder.Path];

        var right = await CliResult.RunAsync(["actors", "--json", .. there]);
        var wrong = await CliResult.RunAsync(["actors", .. there, "--control-token", file]);

        right.Code.ShouldBe(ExitCodes.Done, right.Error);
        right.Out.ShouldContain("/user/actorsync/profiles/default/journal");
        wrong.Code.ShouldBe(ExitCodes.Failed);
        wrong.Error.ShouldContain("control_token");
        wrong.Error.ShouldNotContain(new string('a', 64));
    }

    private static Microsoft.AspNetCore.Http.HttpRequest Request(string token)
    {
        var request = new Microsoft.AspNetCore.Http.DefaultHttpContext().Request;
        (request.Method, request.Host, request.ContentType, request.ContentLength) = ("POST", new("127.0.0.1:1"), "application/json", 2);
        request.Headers.Authorization = $"Bearer {token}";
        return request;
    }

    private string Fill(string request) =>
        request
            .Replace("{host}", rig.Authority)
            .Replace("{port}", rig.Address.Port.ToString(CultureInfo.InvariantCulture))
            .Replace("{token}", rig.Token)
            .Replace("{half}", rig.Token[..32])
            .Replace("{basic}", Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"me:{rig.Token}")))
            .Replace("{20k}", new string('a', 20_000))
            .Replace("{1000 headers}", string.Concat(Enumerable.Range(0, 1000).Select(static i => $"X-{i}: y\r\n")));

    private static string Head(string answer) => answer[..Math.Min(answer.Length, 300)];
}
