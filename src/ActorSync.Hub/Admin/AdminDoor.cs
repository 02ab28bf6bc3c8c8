using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using ActorSync.Hub.Accounts;
using ActorSync.Hub.Store;

namespace ActorSync.Hub.Admin;

/// <summary>An operator's way to a hub's folder: through the running hub, or the files themselves when none runs.</summary>
internal static class AdminDoor
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromMinutes(1);

    /// <param name="options">Of a hub to open when none runs; only folder and retention matter.</param>
    /// <exception cref="HubException">There is no hub, it cannot be opened, or the running one does not answer.</exception>
    public static async Task<AdminAnswer> AskAsync(HubOptions options, AdminAsk ask, CancellationToken cancellation)
    {
        if (!File.Exists(Path.Combine(options.DataDirectory, "hub.db")))
        {
            throw new HubException("hub_path", $"'{options.DataDirectory}' holds no hub", "start 'actorsync hub' with this --data first");
        }

        if (AdminSocket.PathIn(options.DataDirectory) is { } path && File.Exists(path))
        {
            try
            {
                return await AskRunningAsync(path, ask, cancellation);
            }
            catch (HttpRequestException e) when (e.InnerException is SocketException)
            {
                // Left by a hub that was killed.
            }
        }

        await using var store = new StoreThread(options);
        var tokens = new AccessTokens(AccessTokens.LoadKey(options.DataDirectory, options.Chance));
        return await AdminSocket.DoAsync(new HubAdmin(store, new Credentials(tokens, options), options), ask);
    }

    private static async Task<AdminAnswer> AskRunningAsync(string path, AdminAsk ask, CancellationToken cancellation)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), stop);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
        };
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://hub/"), Timeout = AnswerTime };
        using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(ask, AdminJson.Default.AdminAsk));
        body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var answer = await client.PostAsync("admin", body, cancellation);
        var content = await answer.Content.ReadAsStringAsync(cancellation);
        return answer.IsSuccessStatusCode
            ? JsonSerializer.Deserialize(content, AdminJson.Default.AdminAnswer)!
            : throw new HubException("hub_refused", $"the running hub says {(int)answer.StatusCode}: {content}", "see its log");
    }
}
