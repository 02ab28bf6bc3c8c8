using System.Text;
using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.Model;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.IntegrationTests.Pull;

/// <summary>Two devices and the real hub, in one process, on loopback.</summary>
public sealed class RealHubTests : IDisposable
{
    private const string Quick = """
        actorsync {
          journal.reserve-bytes = 0 B
          drain {
            preset = quick
            presets.quick { priority-interval = 200ms, bulk-interval = 200ms, notify = on, pull-interval = 200ms }
            backoff-min = 20ms
            backoff-max = 500ms
          }
          http.use-proxy = off
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("actorsync-pull-").FullName;

    [Fact]
    [Trait("criterion", "P3")]
    [Trait("criterion", "Q16")]
    public async Task What_each_of_two_devices_writes_both_have_and_the_hub()
    {
        await using var hub = await StartHubAsync(0);
        await using var one = await StartDeviceAsync("one", hub);
        await using var two = await StartDeviceAsync("two", hub);
        for (var i = 0; i < 200; i++)
        {
            await one.Default.EnqueueAsync(Edit($"n{i % 40}", $$"""{"of":"one","i":{{i}}}"""));
            await two.Default.EnqueueAsync(Edit($"n{i % 50}", i % 9 == 0 ? null : $$"""{"of":"two","j":{{i}}}"""));
        }

        await AllEqualAsync(hub, one, two);
    }

    [Fact]
    [Trait("criterion", "P12")]
    [Trait("criterion", "P4")]
    public async Task A_hub_whose_file_was_put_back_gets_what_it_lost_from_whoever_has_it()
    {
        var hub = await StartHubAsync(0);
        var port = hub.Addresses[0].Port;
        await using var one = await StartDeviceAsync("one", hub);
        await using var two = await StartDeviceAsync("two", hub);
        await WriteAsync(one, "early", 50);
        await AllEqualAsync(hub, one, two);
        await hub.DisposeAsync();
        CopyHub("hub", "backup");

        hub = await StartHubAsync(port);
        await WriteAsync(one, "late", 60);
        await WriteAsync(two, "later", 70);
        await two.Default.EnqueueAsync(Edit("early3", null));
        await AllEqualAsync(hub, one, two);
        await hub.DisposeAsync();
        CopyHub("backup", "hub");

        await using var restored = await StartHubAsync(port);
        await WriteAsync(one, "last", 5);
        await AllEqualAsync(restored, one, two);
        var entities = await one.Default.GetEntitiesAsync("note", null, null, 1000, CancellationToken.None);
        entities.Count(static x => !x.Deleted).ShouldBe(50 + 60 + 70 + 5 - 1);
    }

    [Fact]
    [Trait("criterion", "P2")]
    public async Task A_change_of_one_device_wakes_the_other_by_the_hub_s_socket()
    {
        var seldom = Quick.Replace("pull-interval = 200ms", "pull-interval = 1h", StringComparison.Ordinal);
        await using var hub = await StartHubAsync(0);
        await using var one = await StartDeviceAsync("one", hub, seldom);
        await using var two = await StartDeviceAsync("two", hub, seldom);
        await AllEqualAsync(hub, one, two);

        for (var i = 0; i < 20; i++)
        {
            await WriteAsync(i % 2 == 0 ? one : two, $"n{i}-", 3);
            await AllEqualAsync(hub, one, two);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task AllEqualAsync(HubServer hub, params SyncRuntime[] devices)
    {
        var token = new AccessToken(await hub.IssueTokenAsync("ada", "reader", TimeSpan.FromHours(1)));
        using var http = new HubHttp(SyncOptionsReader.Read("/nowhere", Quick).Http, Platform.SyncPlatform.Real());
        using var over = new CancellationTokenSource(TimeSpan.FromSeconds(90));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            var digests = new HashSet<string>(StringComparer.Ordinal);
            var pending = 0L;
            foreach (var device in devices)
            {
                pending += (await device.Default.GetCountsAsync(over.Token)).Pending;
                digests.Add((await device.Default.GetDigestAsync(over.Token)).Digest);
            }

            var reply = await http.SendAsync(HubCalls.Digest(hub.Addresses[0], token), over.Token);
            digests.Add(((HubResult<HubDigest>.Value)HubAnswers.Digest(reply)).Content.Digest);
            if (pending == 0 && digests.Count == 1)
            {
                return;
            }

            await look.WaitForNextTickAsync(over.Token);
        }
    }

    private static async Task WriteAsync(SyncRuntime device, string prefix, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await device.Default.EnqueueAsync(Edit($"{prefix}{i}", $$"""{"i":{{i}}}"""));
        }
    }

    private static NewOperation Edit(string id, string? payload) =>
        new()
        {
            Entity = "note",
            EntityId = id,
            Kind = payload is null ? OperationKind.Delete : OperationKind.Set,
            Payload = Encoding.UTF8.GetBytes(payload ?? ""),
        };

    private Task<HubServer> StartHubAsync(int port) =>
        HubServer.StartAsync(new HubOptions { DataDirectory = Path.Combine(_folder, "hub"), Urls = [$"http://127.0.0.1:{port}"] });

    private async Task<SyncRuntime> StartDeviceAsync(string name, HubServer hub, string settings = Quick)
    {
        var device = await SyncRuntime.StartAsync(SyncOptionsReader.Read(Path.Combine(_folder, name), settings));
        var code = await hub.CreatePairingCodeAsync("ada");
        await device.Default.PairAsync(hub.Addresses[0], code.Code, CancellationToken.None);
        return device;
    }

    private void CopyHub(string from, string to)
    {
        var target = Directory.CreateDirectory(Path.Combine(_folder, to)).FullName;
        foreach (var file in Directory.GetFiles(target, "hub.db*"))
        {
            File.Delete(file);
        }

        foreach (var file in Directory.GetFiles(Path.Combine(_folder, from), "hub.*"))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
    }
}
