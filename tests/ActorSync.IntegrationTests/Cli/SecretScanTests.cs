using System.Runtime.Versioning;
using System.Text.Json;
using ActorSync.TestKit;
using ActorSync.TestKit.Hubs;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>What a run with every way in leaves behind: its files, its log at DEBUG, and whatever verbs print.</summary>
public sealed class SecretScanTests : IDisposable
{
    private readonly CliFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("criterion", "A16")]
    [Trait("criterion", "X5")]
    public async Task No_secret_is_in_a_file_a_log_or_an_answer()
    {
        Directory.CreateDirectory(_folder.Data);
        File.WriteAllText(
            Path.Combine(_folder.Data, "actorsync.conf"),
            "host.log.level = DEBUG\nactorsync { log.level = DEBUG, auth.renew-before = 1h, drain { backoff-min = 50ms, backoff-max = 200ms } }"
        );
        PrivateFromTheStart();
        await using var hub = await FakeHubServer.StartAsync();
        hub.With(static fake => fake.AccessLife = TimeSpan.FromSeconds(4));
        var said = new List<(string What, string Text)>();
        string[] codes = [hub.With(static fake => fake.NewPairingCode()), hub.With(static fake => fake.NewPairingCode())];
        var pasted = hub.With(static fake => fake.IssueToken(life: TimeSpan.FromDays(1)));
        await using var host = Start("run", "--control", "http://127.0.0.1:0");
        await host.UpAsync();
        await using var follower = Start("logs", "-f", "--level", "DEBUG");

        await SayAsync("pair", codes[0], "--hub", hub.Address.AbsoluteUri);
        await Facts.UntilAsync(() => Calls(hub, "/v1/auth/refresh") >= 2);
        await SayAsync("enqueue", "--entity", "e", "--id", "1", "--op", "set", "--wait");
        await SayAsync("pair", "ABCDEFGH");
        hub.With(fake =>
        {
            fake.RevokeAll();
            return true;
        });
        await SayAsync("enqueue", "--entity", "e", "--id", "2", "--op", "set");
        await SayAsync("drain");
        await SayAsync("token", pasted, "set", "--hub", hub.Address.AbsoluteUri);
        await SayAsync("pair", codes[1], "--hub", hub.Address.AbsoluteUri);
        var operation = JsonDocument.Parse(said[1].Text).RootElement.GetProperty("operation_id").GetString()!;
        await SayAsync("status");
        await SayAsync("explain", operation);
        await SayAsync("actors");
        await SayAsync("logs", "--level", "DEBUG", "--limit", "100000");
        await SayAsync("log-level");
        await SayAsync("profile", "list");
        await SayAsync("queue", "export", Path.Combine(_folder.Data, "pending.ndjson"));
        await SayAsync("doctor");
        await SayAsync("sign-out");
        host.Signal(ActorSyncProcess.SigTerm);
        foreach (var process in new[] { host, follower })
        {
            var end = await process.EndAsync();
            said.Add(("a process's end", end.Out + end.Error));
        }

        var secrets = Secrets(hub).Append(pasted).Distinct(StringComparer.Ordinal).Select(static s => new Canary("secret", s)).ToList();
        secrets.Count.ShouldBeGreaterThan(6, "tokens, refresh tokens and nonces of every way in");
        var control = File.ReadAllText(Path.Combine(_folder.Data, "control.token"));
        foreach (var (what, text) in said)
        {
            secrets.ForEach(secret => secret.ShouldBeAbsentFrom(text, what));
            text.ShouldNotContain(control, Case.Sensitive, what);
            codes.ShouldAllBe(code => !text.Contains(code, StringComparison.OrdinalIgnoreCase), what);
        }

        secrets.ForEach(secret => secret.ShouldBeAbsentFromFolder(_folder.Data));
        var files = Directory.GetFiles(_folder.Data, "*", SearchOption.AllDirectories);
        files.Count(file => Path.GetFileName(file).EndsWith(".log", StringComparison.Ordinal)).ShouldBeGreaterThan(0);
        files.ShouldAllBe(file => !codes.Any(code => File.ReadAllText(file).Contains(code, StringComparison.OrdinalIgnoreCase)));
        if (!OperatingSystem.IsWindows())
        {
            Directory
                .GetFileSystemEntries(_folder.Data, "*", SearchOption.AllDirectories)
                .Append(_folder.Data)
                .Where(IsOpenToOthers)
                .ShouldBeEmpty();
        }

        async Task SayAsync(string verb, params string[] args)
        {
            var isToken = verb == "token";
            string[] rest = isToken ? args[1..] : args;
            var run = isToken
                ? await ActorSyncProcess.RunWithInputAsync(args[0] + "\n", [verb, .. rest, "--json", "--data", _folder.Data])
                : await ActorSyncProcess.RunAsync([verb, .. rest, "--json", "--data", _folder.Data]);
            said.Add(($"what '{verb} {rest.FirstOrDefault()}' prints", run.Out + run.Error));
        }
    }

    [UnsupportedOSPlatform("windows")]
    private static bool IsOpenToOthers(string path) => (File.GetUnixFileMode(path) & (UnixFileMode)0b000_111_111) != UnixFileMode.None;

    // What the test itself wrote is not what is looked at.
    private void PrivateFromTheStart()
    {
        if (!OperatingSystem.IsWindows())
        {
            const UnixFileMode file = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            File.SetUnixFileMode(Path.Combine(_folder.Data, "actorsync.conf"), file);
            File.SetUnixFileMode(_folder.Data, file | UnixFileMode.UserExecute);
        }
    }

    private static int Calls(FakeHubServer hub, string path) =>
        hub.With(fake => fake.Exchanges.Count(exchange => exchange.Request.Path == path && exchange.Status == 200));

    // Everything secret that came over the wire: bearers, and what stands in the bodies of the calls that sign in and renew.
    private static List<string> Secrets(FakeHubServer hub) =>
        hub.With(static fake =>
        {
            var secrets = new List<string>();
            foreach (var request in fake.Exchanges.Select(static exchange => exchange.Request))
            {
                if (request.Bearer is { } bearer)
                {
                    secrets.Add(bearer);
                }

                if (request.Path.StartsWith("/v1/auth/", StringComparison.Ordinal) && request.Body.Length > 0)
                {
                    using var body = JsonDocument.Parse(request.Body);
                    foreach (var name in new[] { "refresh_token", "nonce" })
                    {
                        if (body.RootElement.TryGetProperty(name, out var value))
                        {
                            secrets.Add(value.GetString()!);
                        }
                    }
                }
            }

            return secrets;
        });

    private ActorSyncProcess Start(params string[] args) => ActorSyncProcess.Start([.. args, "--json", "--data", _folder.Data]);
}
