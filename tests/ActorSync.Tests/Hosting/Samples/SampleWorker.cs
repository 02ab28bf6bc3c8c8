using ActorSync;
using ActorSync.Hosting;
using ActorSync.Model;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Samples;

public sealed class SampleWorker(SyncRuntime sync) : BackgroundService
{
    public static IHost Build(string folder, string settings)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddActorSync(options => (options.DataDirectory, options.Settings) = (folder, settings));
        builder.Services.AddHostedService<SampleWorker>();
        return builder.Build();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var rename = new NewOperation
        {
            Entity = "playlist",
            EntityId = "42",
            Field = "name",
            Payload = "\"Evening\""u8.ToArray(),
        };
        var accepted = await sync.EnqueueAsync(rename, stoppingToken); // it is on disk
        var receipt = await sync.WaitForReceiptAsync(accepted.OperationId, stoppingToken); // the hub has it, also after a restart
        Console.WriteLine(receipt.Delivered ? $"{accepted.OperationId} is at the hub" : receipt.Error);
    }
}
