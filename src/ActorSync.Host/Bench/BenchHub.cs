using System.Text.Json;

namespace ActorSync.Host.Bench;

/// <summary>The reference hub as a process of its own, as <c>actorsync hub</c> starts it.</summary>
internal sealed class BenchHub : IDisposable
{
    private const string Account = "bench";
    private readonly ChildProcess _process;
    private readonly string _folder;

    private BenchHub(ChildProcess process, string folder, Uri address) => (_process, _folder, Address) = (process, folder, address);

    public Uri Address { get; }

    public static async Task<BenchHub> StartAsync(string folder, CancellationToken stop)
    {
        var process = ChildProcess.Start("hub", "--urls", "http://127.0.0.1:0", "--account", Account, "--json", "--data", folder);
        try
        {
            using var up = JsonDocument.Parse(await process.ReadLineAsync("", stop).ConfigureAwait(false));
            return new BenchHub(process, folder, new Uri(up.RootElement.GetProperty("urls")[0].GetString()!));
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    /// <summary>Pairs one device.</summary>
    public async Task<string> CodeAsync(CancellationToken stop)
    {
        using var process = ChildProcess.Start("hub", "code", "--account", Account, "--json", "--data", _folder);
        using var answer = JsonDocument.Parse(await process.ReadLineAsync("", stop).ConfigureAwait(false));
        return answer.RootElement.GetProperty("code").GetString()!;
    }

    public void Dispose() => _process.Dispose();
}
