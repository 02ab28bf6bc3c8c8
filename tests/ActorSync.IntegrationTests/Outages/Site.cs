using System.Text.Json;
using ActorSync.IntegrationTests.Cli;
using Shouldly;

namespace ActorSync.IntegrationTests.Outages;

/// <summary>A hub process and a host process, each on its own folder, and the verbs that a person has at both.</summary>
internal sealed class Site : IAsyncDisposable
{
    private readonly CliFolder _hubFolder = new();
    private readonly CliFolder _device = new();

    public ActorSyncProcess Hub { get; private set; } = null!;

    public ActorSyncProcess Host { get; private set; } = null!;

    /// <summary>The hub's own; known once it is up, and the same when it is started again.</summary>
    public string HubUrl { get; private set; } = "http://127.0.0.1:0";

    public string Data => _device.Data;

    public void Settings(string hocon) => Write("actorsync.conf", hocon);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(_device.Data);
        File.WriteAllText(Path.Combine(_device.Data, name), text);
    }

    public async Task StartHubAsync(params string[] faults)
    {
        var wrong = faults.SelectMany(static fault => new[] { "--fault", fault });
        Hub = ActorSyncProcess.Start(["hub", "--urls", HubUrl, "--account", "ada", "--json", "--data", _hubFolder.Data, .. wrong]);
        HubUrl = (await Hub.UpAsync()).GetProperty("urls")[0].GetString()!;
    }

    public async Task StartHostAsync()
    {
        Host = ActorSyncProcess.Start(["run", "--json", "--data", _device.Data]);
        await Host.UpAsync();
    }

    /// <summary>With a code that the hub gives out now.</summary>
    public async Task PairAsync(Uri? hub = null)
    {
        var code = (await AdminAsync("code", "--account", "ada")).Document.GetProperty("code").GetString()!;
        var paired = await CliAsync("pair", code, "--hub", hub?.ToString() ?? HubUrl);
        paired.Code.ShouldBe(0, paired.Error);
    }

    /// <summary>Gives the operation's id.</summary>
    public async Task<string> EnqueueAsync(string id, bool wait = false)
    {
        string[] args = ["enqueue", "--entity", "track", "--id", id, "--op", "set", "--field", "rating", "--payload", "5"];
        var enqueued = await CliAsync(wait ? [.. args, "--wait"] : args);
        enqueued.Code.ShouldBe(0, enqueued.Error);
        return enqueued.Document.GetProperty("operation_id").GetString()!;
    }

    public async Task<JsonElement> StatusAsync() => (await CliAsync("status")).Document;

    /// <summary>Looks by one process, again each second, until it holds; gives all that was seen.</summary>
    public async Task<IReadOnlyList<JsonElement>> WatchAsync(Func<JsonElement, bool> holds)
    {
        await using var watch = ActorSyncProcess.Start(["status", "--watch", "--json", "--data", _device.Data]);
        await Facts.UntilAsync(() => Lines(watch).Any(holds));
        return [.. Lines(watch)];
    }

    public Task<CliRun> CliAsync(params string[] args) => ActorSyncProcess.RunAsync([.. args, "--json", "--data", _device.Data]);

    public Task<CliRun> AdminAsync(params string[] args) =>
        ActorSyncProcess.RunAsync(["hub", .. args, "--json", "--data", _hubFolder.Data]);

    public static IEnumerable<JsonElement> Lines(ActorSyncProcess process) =>
        process
            .Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line =>
            {
                using var document = JsonDocument.Parse(line);
                return document.RootElement.Clone();
            });

    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { Host, Hub })
        {
            if (process is not null)
            {
                await process.DisposeAsync();
            }
        }

        _hubFolder.Dispose();
        _device.Dispose();
    }
}

internal static class StatusDocument
{
    public static string State(this JsonElement status) => Health(status, "state");

    public static string Reason(this JsonElement status) => Health(status, "reason");

    public static string Auth(this JsonElement status) => status.GetProperty("auth").GetProperty("state").GetString()!;

    public static long Generation(this JsonElement status) => status.GetProperty("auth").GetProperty("generation").GetInt64();

    public static long Pending(this JsonElement status) => status.GetProperty("queue").GetProperty("pending").GetInt64();

    private static string Health(JsonElement status, string name) => status.GetProperty("health").GetProperty(name).GetString()!;
}
