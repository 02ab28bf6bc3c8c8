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
    [Theory]
    [MemberData(nameof(ControlAttacks.All), MemberType = typeof(ControlAttacks))]
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

    [Fact]
    [Trait("criterion", "H7")]
    public async Task The_log_is_followed_from_another_machine_until_one_goes_away_and_then_nothing_more_is_made_for_it()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var door = rig.Open();
        var levels = ActorSync.Diagnostics.ActorLogDesk.Of(rig.Desk.System);
        var followed = 0;

        await foreach (var line in door.LogsAsync(new LogsAsk(null, "DEBUG", Follow: true, Limit: 1), patience.Token))
        {
            line.Actor.ShouldStartWith("/user/actorsync");
            levels.Levels.Wishes.Length.ShouldBe(1);
            followed++;
            break;
        }

        followed.ShouldBe(1);
        while (!levels.Levels.Wishes.IsEmpty)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    [Fact]
    public async Task So_many_follow_and_no_more()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var door = rig.Open();
        var levels = ActorSync.Diagnostics.ActorLogDesk.Of(rig.Desk.System);
        var followers = new List<IAsyncEnumerator<LogLineDocument>>();
        for (var i = 0; i < ActorSync.Diagnostics.ActorLogTap.MaxFollowers; i++)
        {
            var follower = door.LogsAsync(new LogsAsk(null, "DEBUG", Follow: true, Limit: 1), patience.Token).GetAsyncEnumerator();
            (await follower.MoveNextAsync()).ShouldBeTrue();
            followers.Add(follower);
        }

        await using var late = door.LogsAsync(new LogsAsk(null, "DEBUG", Follow: true, Limit: 1), patience.Token).GetAsyncEnumerator();
        (await Should.ThrowAsync<SyncException>(async () => await late.MoveNextAsync())).Code.ShouldBe("too_many_followers");

        foreach (var follower in followers)
        {
            await follower.DisposeAsync();
        }

        while (!levels.Levels.Wishes.IsEmpty)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
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
