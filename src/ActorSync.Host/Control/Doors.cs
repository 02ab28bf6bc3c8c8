using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using ActorSync.Journal;
using ActorSync.Model;
using Microsoft.Extensions.Logging;

namespace ActorSync.Host.Control;

/// <summary>A verb's way to a profile: the running host's, or one of our own.</summary>
internal interface IDoor : IAsyncDisposable
{
    /// <summary>True when a running host answers.</summary>
    bool IsHost { get; }

    /// <summary>True when what is enqueued goes out meanwhile, so that a full queue gets room.</summary>
    bool Drains { get; }

    Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation);

    /// <summary>Stores all or none, with the source's new position.</summary>
    Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    );
}

/// <summary>A runtime in this process.</summary>
/// <param name="owned">Stopped with the door; null when it is somebody else's.</param>
internal sealed class RuntimeDoor(SyncProfile profile, SyncRuntime? owned, bool drains) : IDoor
{
    public bool IsHost => false;

    public bool Drains => drains;

    public static async Task<RuntimeDoor> OpenAsync(
        DataFolder folder,
        string profile,
        bool online,
        ILoggerFactory? logs,
        CancellationToken cancellation
    )
    {
        var runtime = await SyncRuntime.StartAsync(HostOptions.Read(folder, profile, online), logs, cancellation: cancellation);
        return new RuntimeDoor(runtime.Default, runtime, online);
    }

    public Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation) =>
        call.Handle(profile, ask, cancellation);

    public Task<ImmutableArray<Accepted>> EnqueueAsync(
        ImmutableArray<NewOperation> operations,
        JournalProtocol.SourceCheckpoint? checkpoint,
        CancellationToken cancellation
    ) => profile.EnqueueWithCheckpointAsync(operations, checkpoint, cancellation);

    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;
}

/// <summary>The running host, over its control socket.</summary>
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
        var client = new HttpClient(handler) { BaseAddress = new Uri("http://control/"), Timeout = Timeout.InfiniteTimeSpan };
        return new ControlDoor(client, profile);
    }

    public async Task<TAnswer> AskAsync<TAsk, TAnswer>(ControlCall<TAsk, TAnswer> call, TAsk ask, CancellationToken cancellation)
    {
        try
        {
            using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(ask, call.Ask));
            body.Headers.ContentType = new("application/json");
            using var answer = await _client.PostAsync($"v1/{Uri.EscapeDataString(_profile)}/{call.Name}", body, cancellation);
            await using var content = await answer.Content.ReadAsStreamAsync(cancellation);
            if (answer.IsSuccessStatusCode)
            {
                return await JsonSerializer.DeserializeAsync(content, call.Answer, cancellation)
                    ?? throw new JsonException("an empty answer");
            }

            var failure = await JsonSerializer.DeserializeAsync(content, HostJson.Default.FailureDocument, cancellation);
            throw failure is null
                ? new JsonException("an empty failure")
                : new SyncException(failure.Error, failure.Message, failure.Remedy);
        }
        catch (Exception gone) when (gone is HttpRequestException or IOException or JsonException)
        {
            throw Failures.HostGone(gone);
        }
    }

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
