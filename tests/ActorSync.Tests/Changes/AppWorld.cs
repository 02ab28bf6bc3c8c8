using System.Text;
using ActorSync.Hosting;
using ActorSync.Hub;
using ActorSync.Model;
using ActorSync.Tests.Auth;
using Microsoft.Data.Sqlite;

namespace ActorSync.Tests.Changes;

/// <summary>A runtime, its hub on loopback, and a database of the app's own.</summary>
internal sealed class AppWorld : IAsyncDisposable
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();
    private HubServer _hub = null!;

    public SyncRuntime Sync { get; private set; } = null!;

    public string AppFile => _folder["app.db"];

    public static async Task<AppWorld> StartAsync()
    {
        var world = new AppWorld();
        world._hub = await HubServer.StartAsync(new HubOptions { DataDirectory = world._folder["hub"] }).WaitAsync(Deadline);
        await world.OpenAsync();
        var code = await world._hub.CreatePairingCodeAsync("ada").WaitAsync(Deadline);
        await world.Sync.Default.PairAsync(world._hub.Addresses[0], code.Code, CancellationToken.None).WaitAsync(Deadline);
        return world;
    }

    public async Task RestartAsync()
    {
        await Sync.StopAsync().WaitAsync(Deadline);
        await OpenAsync();
    }

    public SqliteConnection OpenApp(string schema)
    {
        var connection = new SqliteConnection($"Data Source={AppFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = schema;
        command.ExecuteNonQuery();
        return connection;
    }

    /// <summary>Enqueues them and waits until the hub has each.</summary>
    public async Task PublishAsync(params NewOperation[] operations)
    {
        foreach (var accepted in await Sync.EnqueueAsync(operations).AsTask().WaitAsync(Deadline))
        {
            await Sync.WaitForReceiptAsync(accepted.OperationId).WaitAsync(Deadline);
        }
    }

    public static NewOperation Set(string entity, string id, string field, string json) =>
        new()
        {
            Entity = entity,
            EntityId = id,
            Field = field,
            Payload = Encoding.UTF8.GetBytes(json),
        };

    public async ValueTask DisposeAsync()
    {
        await Sync.StopAsync().WaitAsync(Deadline);
        await _hub.DisposeAsync();
        _folder.Dispose();
    }

    private async Task OpenAsync() =>
        Sync = await SyncRuntime
            .StartAsync(SyncOptionsReader.Read(_folder["data"], "actorsync.journal.reserve-bytes = 0 B"))
            .WaitAsync(Deadline);
}
