using System.Globalization;
using ActorSync.Hub;
using ActorSync.Platform;
using ActorSync.Wire;

namespace ActorSync.IntegrationTests.Cli;

/// <summary>A data folder for processes, gone after the test.</summary>
internal sealed class CliFolder : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("actorsync-it-").FullName;

    public string Data => Path.Combine(_root, "data");

    public string Write(string name, string text)
    {
        var path = Path.Combine(_root, name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Lines of edits of a few hundred entities: inserts, sets and deletes, each line different.</summary>
    public string WriteEdits(int count)
    {
        var path = Path.Combine(_root, $"edits-{count}.ndjson");
        using var file = new StreamWriter(path);
        for (var i = 1; i <= count; i++)
        {
            var (op, entity) = (
                i % 7 == 0 ? "delete"
                : i % 3 == 0 ? "insert"
                : "set",
                i % 211
            );
            var lane = i % 50 == 0 ? "priority" : "bulk";
            file.Write(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"entity\":\"note\",\"entity_id\":\"n{entity}\",\"op\":\"{op}\",\"lane\":\"{lane}\""
                )
            );
            file.Write(
                op == "delete"
                    ? "}\n"
                    : string.Create(CultureInfo.InvariantCulture, $",\"payload\":{{\"text\":\"line {i}\",\"n\":{i}}}}}\n")
            );
        }

        return path;
    }

    /// <summary>Everything that the embedded hub of this folder holds, read over HTTP by a hub on the same files; no process may have them open.</summary>
    public async Task<IReadOnlyList<PulledOp>> ReadHubAsync(HttpSettings http)
    {
        await using var hub = await HubServer.StartAsync(
            new HubOptions { DataDirectory = Path.Combine(Data, "hub"), Urls = ["http://127.0.0.1:0"] },
            CancellationToken.None
        );
        var token = new AccessToken(await hub.IssueTokenAsync("demo", "test-reader", TimeSpan.FromMinutes(5)));
        using var port = new HubHttp(http, SyncPlatform.Real());
        var all = new List<PulledOp>();
        for (var since = 0L; ; )
        {
            var reply = await port.SendAsync(HubCalls.OpsPage(hub.Addresses[0], token, since, head: null, 1000), CancellationToken.None);
            var page = ((HubResult<OpsPage>.Value)HubAnswers.OpsPage(reply)).Content;
            all.AddRange(page.Ops);
            if (!page.HasMore)
            {
                return all;
            }

            since = page.LastId;
        }
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);
}
