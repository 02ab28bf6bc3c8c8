using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.Model;
using ActorSync.Tests.Auth;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Samples;
using Shouldly;
using Xunit;
using AppHost = Microsoft.Extensions.Hosting.Host;

namespace ActorSync.Tests.Hosting;

/// <summary>The runtime in an app's host, against a real hub on loopback.</summary>
[Collection(StandardOutput.Collection)]
public sealed class EmbeddingTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();

    [Fact]
    public async Task The_sample_of_the_README_builds_starts_enqueues_and_drains()
    {
        await using var hub = await StartHubAsync();
        using var output = new LineWatch("is at the hub");
        using var host = SampleWorker.Build(_folder["data"], TestSettings);
        await host.StartAsync().WaitAsync(Deadline);

        var sync = host.Services.GetRequiredService<SyncRuntime>();
        await PairAsync(sync, hub);
        var line = await output.Seen.WaitAsync(Deadline);
        await host.StopAsync().WaitAsync(Deadline);

        OperationId.TryParse(line.Split(' ')[0], out _).ShouldBeTrue();
    }

    [Fact]
    public async Task The_events_sample_of_the_README_shows_what_holds_and_what_changes()
    {
        await using var hub = await StartHubAsync();
        await using var sync = await SyncRuntime.StartAsync(SyncOptionsReader.Read(_folder["data"], TestSettings)).WaitAsync(Deadline);
        using var stop = new CancellationTokenSource();
        var (off, signedIn) = (new TaskCompletionSource(), new TaskCompletionSource());
        var showing = SampleEvents.ShowAsync(sync, Show, stop.Token);

        await off.Task.WaitAsync(Deadline);
        await PairAsync(sync, hub);
        await signedIn.Task.WaitAsync(Deadline);
        await stop.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(showing.WaitAsync(Deadline));

        void Show(string line)
        {
            (line.StartsWith("Off: ", StringComparison.Ordinal) ? off : null)?.TrySetResult();
            (line.StartsWith("Signed in as ", StringComparison.Ordinal) ? signedIn : null)?.TrySetResult();
        }
    }

    [Fact]
    public async Task A_host_with_an_actor_system_shares_it_and_keeps_it()
    {
        var system = ActorSystem.Create("app", "akka.loglevel = OFF, akka.stdout-loglevel = OFF");
        using var host = Build(services => services.AddSingleton(system));
        await host.StartAsync().WaitAsync(Deadline);

        var sync = host.Services.GetRequiredService<SyncRuntime>();
        var accepted = await sync.EnqueueAsync(AnEdit()).AsTask().WaitAsync(Deadline);
        sync.System.ShouldBeSameAs(system);
        await host.StopAsync().WaitAsync(Deadline);

        accepted.Lamport.ShouldBe(1);
        system.WhenTerminated.IsCompleted.ShouldBeFalse();
        await system.Terminate().WaitAsync(Deadline);
    }

    [Fact]
    public async Task A_system_of_our_own_ends_with_the_host()
    {
        using var host = Build();
        await host.StartAsync().WaitAsync(Deadline);
        var system = host.Services.GetRequiredService<SyncRuntime>().System.ShouldNotBeNull();

        await host.StopAsync().WaitAsync(Deadline);

        system.WhenTerminated.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task What_was_enqueued_before_a_restart_of_the_host_is_delivered_after_it()
    {
        await using var hub = await StartHubAsync();
        Accepted accepted;
        using (var first = Build())
        {
            await first.StartAsync().WaitAsync(Deadline);
            accepted = await first.Services.GetRequiredService<SyncRuntime>().EnqueueAsync(AnEdit()).AsTask().WaitAsync(Deadline);
            await first.StopAsync().WaitAsync(Deadline);
        }

        using var second = Build();
        await second.StartAsync().WaitAsync(Deadline);
        var sync = second.Services.GetRequiredService<SyncRuntime>();
        await PairAsync(sync, hub);
        var receipt = await sync.WaitForReceiptAsync(accepted.OperationId).WaitAsync(Deadline);
        await second.StopAsync().WaitAsync(Deadline);

        receipt.Delivered.ShouldBeTrue();
    }

    [Fact]
    public async Task The_health_check_follows_the_status()
    {
        await using var hub = await StartHubAsync();
        using var host = Build();
        await host.StartAsync().WaitAsync(Deadline);
        var sync = host.Services.GetRequiredService<SyncRuntime>();
        var health = host.Services.GetRequiredService<HealthCheckService>();

        var unpaired = await CheckedAsync(health, "default: OFF");
        await PairAsync(sync, hub);
        var accepted = await sync.EnqueueAsync(AnEdit()).AsTask().WaitAsync(Deadline);
        await sync.WaitForReceiptAsync(accepted.OperationId).WaitAsync(Deadline);
        var delivered = await CheckedAsync(health, "default: OK");
        await host.StopAsync().WaitAsync(Deadline);
        var stopped = await health.CheckHealthAsync().WaitAsync(Deadline);

        unpaired.ShouldBe(HealthStatus.Healthy);
        delivered.ShouldBe(HealthStatus.Healthy);
        stopped.Status.ShouldBe(HealthStatus.Unhealthy);
    }

    [Fact]
    public async Task The_meter_counts_what_was_enqueued_grouped_and_pushed()
    {
        var profile = $"metered-{Guid.NewGuid():N}";
        await using var hub = await StartHubAsync();
        using var seen = new SeenMeasurements(profile);
        using var host = Build(settings: $"{TestSettings}\nactorsync.profiles = [{profile}]");
        await host.StartAsync().WaitAsync(Deadline);
        var sync = host.Services.GetRequiredService<SyncRuntime>();
        await PairAsync(sync, hub);

        var accepted = await sync.EnqueueAsync([AnEdit(), AnEdit(), AnEdit()]).AsTask().WaitAsync(Deadline);
        foreach (var operation in accepted)
        {
            await sync.WaitForReceiptAsync(operation.OperationId).WaitAsync(Deadline);
        }

        // The receipt is the journal's word; the lane's own count follows it.
        using var late = new CancellationTokenSource(Deadline);
        while ((await sync.GetStatusAsync(late.Token)).Drain.Accepted < 3) { }

        seen.Read();
        await host.StopAsync().WaitAsync(Deadline);

        seen.Sum(profile, "actorsync.operations.enqueued").ShouldBe(3);
        seen.All(profile, "actorsync.journal.group_size").ShouldBe([3]);
        seen.Last(profile, "actorsync.operations.acked").ShouldBe(3);
        seen.Last(profile, "actorsync.operations.pending").ShouldBe(0);
        seen.All(profile, "actorsync.drain.latency").ShouldNotBeEmpty();
        seen.Tags(profile, "actorsync.drain.latency").ShouldContain(tag => tag == "outcome=200");
    }

    [Fact]
    public async Task The_log_of_the_actors_reaches_the_app()
    {
        using var logs = new RecordedLogs(LogLevel.Information);
        using var host = Build(services => services.AddSingleton<ILoggerFactory>(logs));
        await host.StartAsync().WaitAsync(Deadline);

        var line = await logs.FirstAsync(l => l.Category == "ActorSync.Journal.JournalActor");
        await host.StopAsync().WaitAsync(Deadline);

        line.Properties["ActorPath"].ShouldBe("/user/actorsync/profiles/default/journal");
        line.Properties["Profile"].ShouldBe("default");
    }

    [Fact]
    public async Task A_wrong_setting_stops_the_start_with_its_key()
    {
        using var host = Build(settings: "actorsync.journal.max-operation = 5");

        var error = await Should.ThrowAsync<InvalidSettingException>(() => host.StartAsync());

        error.Key.ShouldBe("actorsync.journal.max-operation");
        error.Remedy.ShouldBe("did you mean actorsync.journal.max-operations?");
    }

    [Fact]
    public async Task A_folder_that_is_not_named_stops_the_start()
    {
        var builder = AppHost.CreateEmptyApplicationBuilder(null);
        builder.Services.AddActorSync(_ => { });
        using var host = builder.Build();

        (await Should.ThrowAsync<InvalidSettingException>(() => host.StartAsync())).Key.ShouldBe("DataDirectory");
    }

    [Fact]
    public void Adding_it_twice_adds_it_once()
    {
        var services = new ServiceCollection();
        services.AddActorSync(options => options.DataDirectory = "a").AddActorSync(options => options.DataDirectory = "b");

        services
            .Count(service => service.ServiceType == typeof(IHostedService) && service.ImplementationType?.Name == "ActorSyncService")
            .ShouldBe(1);
        services.Count(service => service.ServiceType == typeof(SyncRuntime)).ShouldBe(1);
    }

    public void Dispose() => _folder.Dispose();

    private static string TestSettings
    {
        get
        {
            using var stream = typeof(EmbeddingTests).Assembly.GetManifestResourceStream("ActorSync.Tests.test.conf")!;
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    private static NewOperation AnEdit() =>
        new()
        {
            Entity = "playlist",
            EntityId = "42",
            Field = "name",
            Payload = "\"Evening\""u8.ToArray(),
        };

    private static async Task PairAsync(SyncRuntime sync, HubServer hub)
    {
        var code = await hub.CreatePairingCodeAsync("ada").WaitAsync(Deadline);
        _ = await sync.Default.PairAsync(hub.Addresses[0], code.Code, CancellationToken.None).WaitAsync(Deadline);
    }

    /// <summary>The status of our entry when it says what is awaited: what a status knows follows what happens.</summary>
    private static async Task<HealthStatus> CheckedAsync(HealthCheckService health, string text)
    {
        using var late = new CancellationTokenSource(Deadline);
        while (true)
        {
            var entry = (await health.CheckHealthAsync(late.Token)).Entries[ServiceCollectionExtensions.HealthCheckName];
            if (entry.Description?.StartsWith(text, StringComparison.Ordinal) == true)
            {
                return entry.Status;
            }
        }
    }

    private Task<HubServer> StartHubAsync() => HubServer.StartAsync(new HubOptions { DataDirectory = _folder["hub"] }).WaitAsync(Deadline);

    private IHost Build(Action<IServiceCollection>? more = null, string? settings = null)
    {
        var builder = AppHost.CreateEmptyApplicationBuilder(null);
        builder.Services.AddActorSync(options => (options.DataDirectory, options.Settings) = (_folder["data"], settings ?? TestSettings));
        more?.Invoke(builder.Services);
        return builder.Build();
    }

    /// <summary>Looks at what is written to standard output while it is there.</summary>
    private sealed class LineWatch : StringWriter
    {
        private readonly TextWriter _before = Console.Out;
        private readonly TaskCompletionSource<string> _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly string _wanted;

        public LineWatch(string wanted)
        {
            _wanted = wanted;
            Console.SetOut(this);
        }

        public Task<string> Seen => _seen.Task;

        public override void WriteLine(string? value)
        {
            if (value?.Contains(_wanted, StringComparison.Ordinal) == true)
            {
                _ = _seen.TrySetResult(value);
            }
        }

        protected override void Dispose(bool disposing)
        {
            Console.SetOut(_before);
            base.Dispose(disposing);
        }
    }
}
