using System.Collections.Immutable;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorSync.Journal;
using ActorSync.Model;

namespace ActorSync.Host.Control;

/// <summary>The running host, over its control socket or its control address.</summary>
internal sealed class ControlDoor : IDoor
{
    private readonly HttpClient _client;
    private readonly string _profile;

    private ControlDoor(HttpClient client, string profile) => (_client, _profile) = (client, profile);

    public bool IsHost => true;

    public bool Drains => true;

    /// <summary>Null when no host listens: there is no socket, or its process is gone.</summary>
    public static async Task<ControlDoor?> TryOpenAsync(DataFolder folder, string profile, CancellationToken cancellation)
    {
        if (ControlAddress.Find(folder) is not { } address)
        {
            return null;
        }

        Stream first;
        try
        {
            first = await address.ConnectAsync(cancellation);
        }
        catch (Exception nobody) when (nobody is SocketException or IOException or TimeoutException or UnauthorizedAccessException)
        {
            return null;
        }

        // The connection that showed that somebody listens is the first one used.
        Stream? ready = first;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectCallback = async (_, stop) => Interlocked.Exchange(ref ready, null) ?? await address.ConnectAsync(stop),
        };
        return new ControlDoor(Client(handler, new Uri("http://control/")), profile);
    }

    /// <summary>To a host that was started with <c>--control</c>.</summary>
    /// <param name="authority">A PEM file that vouches for its certificate; null for those that the system trusts.</param>
    public static ControlDoor Open(RemoteAddress address, string token, string? authority, string profile)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
        };
        if (authority is not null)
        {
            var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            trust.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions.CertificateChainPolicy = trust;
        }

        var client = Client(handler, new UriBuilder(address.Scheme, address.Host, address.Port).Uri);
        client.DefaultRequestHeaders.Authorization = new("Bearer", token);
        return new ControlDoor(client, profile);
    }

    public Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation) =>
        AskAsync($"v1/{Uri.EscapeDataString(_profile)}/{call.Name}", ask, call.Ask, call.Answer, cancellation);

    public Task<TAnswer> AskAsync<TAsk, TAnswer>(HostCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation) =>
        AskAsync($"host/{call.Name}", ask, call.Ask, call.Answer, cancellation);

    /// <summary>The lines of the actors' log; while it follows, it ends when the host does.</summary>
    public async IAsyncEnumerable<LogLineDocument> LogsAsync(LogsAsk ask, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var answer = await PostAsync($"host/{LogStream.Name}", ask, HostJson.Default.LogsAsk, cancellation);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellation));
        while (await LineAsync(lines, cancellation) is { } line)
        {
            yield return JsonSerializer.Deserialize(line, HostJson.Default.LogLineDocument)!;
        }

        static async Task<string?> LineAsync(StreamReader lines, CancellationToken cancellation)
        {
            try
            {
                return await lines.ReadLineAsync(cancellation);
            }
            catch (Exception gone) when (gone is HttpRequestException or IOException)
            {
                throw Failures.HostGone(gone);
            }
        }
    }

    private async Task<TAnswer> AskAsync<TAsk, TAnswer>(
        string path,
        TAsk ask,
        JsonTypeInfo<TAsk> askType,
        JsonTypeInfo<TAnswer> answerType,
        CancellationToken cancellation
    )
    {
        using var answer = await PostAsync(path, ask, askType, cancellation);
        try
        {
            await using var content = await answer.Content.ReadAsStreamAsync(cancellation);
            return await JsonSerializer.DeserializeAsync(content, answerType, cancellation) ?? throw new JsonException("an empty answer");
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or JsonException)
        {
            throw Failures.HostGone(gone);
        }
    }

    private async Task<HttpResponseMessage> PostAsync<TAsk>(
        string path,
        TAsk ask,
        JsonTypeInfo<TAsk> askType,
        CancellationToken cancellation
    )
    {
        HttpResponseMessage? answer = null;
        try
        {
            using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(ask, askType));
            body.Headers.ContentType = new("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
            answer = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return answer;
            }

            await using var content = await answer.Content.ReadAsStreamAsync(cancellation);
            var failure = await JsonSerializer.DeserializeAsync(content, HostJson.Default.FailureDocument, cancellation);
            throw failure is null
                ? new JsonException("an empty failure")
                : new SyncException(failure.Error, failure.Message, failure.Remedy);
        }
        catch (Exception gone)
        {
            answer?.Dispose();
            if (gone is HttpRequestException or IOException or JsonException)
            {
                throw Failures.HostGone(gone);
            }

            throw;
        }
    }

    private static HttpClient Client(HttpMessageHandler handler, Uri address) =>
        new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };

    public async Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    )
    {
        var ask = new EnqueueAsk([.. operations.Select(OperationDocument.Of)], checkpoint?.Source, checkpoint?.Position ?? 0);
        var answer = await AskAsync(Calls.Enqueue, ask, cancellation);
        return [.. answer.Accepted.Select(static a => a.ToAccepted())];
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }
}
