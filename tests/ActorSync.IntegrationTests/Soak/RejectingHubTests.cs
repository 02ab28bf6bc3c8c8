using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.IntegrationTests.Adversaries;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.TestKit.Network;
using ActorSync.Wire;
using Shouldly;
using Xunit;
using Xunit.Abstractions;

namespace ActorSync.IntegrationTests.Soak;

/// <summary>A hub that refuses one call in twenty for no reason, and tokens that live seconds: nobody has to do anything, and nothing is lost.</summary>
[Collection(Alone.Name)]
public sealed class RejectingHubTests(ITestOutputHelper output) : IDisposable
{
    private const double Share = 0.05;
    private const string Json = "application/json";
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("actorsync-soak-");
    private readonly TestCertificates _certificates = new();
    private readonly Random _random = new(7);

    /// <summary>Seconds, by ACTORSYNC_SOAK; ten minutes are 600.</summary>
    private static int Seconds =>
        int.TryParse(Environment.GetEnvironmentVariable("ACTORSYNC_SOAK"), CultureInfo.InvariantCulture, out var given) ? given : 24;

    [Fact]
    [Trait("criterion", "A8")]
    [Trait("criterion", "A13")]
    [Trait("criterion", "H2")]
    public async Task One_refused_call_in_twenty_costs_no_user_action_no_operation_and_few_refreshes()
    {
        // The same number of lives, whatever the length of the run.
        var life = TimeSpan.FromSeconds(Seconds / 30.0 < 4 ? 4 : Seconds / 30.0);
        await using var hub = await HubServer.StartAsync(
            new HubOptions { DataDirectory = Path.Combine(_folder.FullName, "hub"), AccessTokenLife = life }
        );
        await using var between = new Interceptor(hub.Addresses[0], _certificates);
        var options = SyncOptionsReader.Read(Path.Combine(_folder.FullName, "device"), "actorsync.journal.reserve-bytes = 0 B");
        var platform = SyncPlatform.Real();
        await using var runtime = await SyncRuntime.StartAsync(options, platform with { HttpHandler = Handler }, null, null, default);
        await runtime.Default.PairAsync(between.Address, (await hub.CreatePairingCodeAsync("ada")).Code, default);
        between.Chance = Refuse;

        var accepted = new List<OperationId>();
        var states = new SortedDictionary<string, int>(StringComparer.Ordinal);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var end = Stopwatch.GetTimestamp() + (Seconds * Stopwatch.Frequency);
        while (Stopwatch.GetTimestamp() < end)
        {
            accepted.Add((await runtime.EnqueueAsync(Operation(accepted.Count))).OperationId);
            var status = await runtime.GetStatusAsync();
            states[status.Health.State] = states.GetValueOrDefault(status.Health.State) + 1;
            status.Auth.State.ShouldBe("signed_in");
            if (status.Health.State == "OK")
            {
                Stopwatch.GetElapsedTime(between.LastGood).ShouldBeLessThan(Lease);
            }

            await second.WaitForNextTickAsync();
        }

        between.Chance = null;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        foreach (var operation in accepted)
        {
            (await runtime.WaitForReceiptAsync(operation, patience.Token)).Delivered.ShouldBeTrue();
        }

        var last = await runtime.GetStatusAsync();
        (last.Queue.Pending, last.Queue.Dead, last.Queue.Parked).ShouldBe((0, 0, 0));
        last.Cursor.Head.ShouldBe(accepted.Count, "each operation has one id at the hub");
        output.WriteLine(
            $"{Seconds} s, tokens of {life.TotalSeconds:F0} s: {between.Requests} requests, {between.Faults} refused, {between.Refreshes} refreshes, states {string.Join(", ", states)}"
        );
        between.Faults.ShouldBeGreaterThan(0);
        between.Refreshes.ShouldBeLessThanOrEqualTo((int)Math.Ceiling(40 * (Seconds / life.TotalSeconds) / 30));

        HttpMessageHandler Handler()
        {
            var handler = HubTransport.Create(options.Http, platform.Time);
            handler.SslOptions.CertificateChainPolicy = _certificates.Trust();
            handler.UseProxy = false;
            return handler;
        }
    }

    public void Dispose()
    {
        _certificates.Dispose();
        _folder.Delete(recursive: true);
    }

    private Func<AdversaryConnection, Task>? Refuse()
    {
        lock (_random)
        {
            return _random.NextDouble() >= Share
                ? null
                : _random.Next(4) switch
                {
                    0 => Answer("401 Unauthorized", Json, """{"error":"token_expired","message":"no"}"""),
                    1 => Answer("403 Forbidden", Json, """{"error":"sync_disabled","message":"no"}"""),
                    2 => Answer("503 Service Unavailable", Json, """{"error":"unavailable","message":"no"}""", "Retry-After: 1\r\n"),
                    _ => Answer("200 OK", "text/html", "<html>sign in</html>"),
                };
        }
    }

    private static Func<AdversaryConnection, Task> Answer(string status, string mediaType, string body, string headers = "") =>
        connection => connection.AnswerAsync(status, mediaType, body, headers + "Connection: close\r\n");

    private static NewOperation Operation(int number) =>
        new()
        {
            Entity = "note",
            EntityId = number.ToString(CultureInfo.InvariantCulture),
            Payload = Encoding.UTF8.GetBytes("\"x\""),
        };
}
