using System.Collections.Immutable;
using System.IO.Compression;
using System.Net;
using System.Text;
using ActorSync.Platform;

namespace ActorSync.Host.Conformance;

/// <summary>A request as a check writes it.</summary>
internal sealed record HubRequest(string Method, string Path)
{
    public byte[]? Body { get; init; }

    /// <summary>Content-Encoding; null for none.</summary>
    public string? Encoding { get; init; }

    /// <summary>Shown instead of one that is made up; empty for none at all.</summary>
    public string? RequestId { get; init; }

    /// <summary>Authorization as it stands, instead of the caller's bearer.</summary>
    public string? Authorization { get; init; }

    /// <summary>Asks before a large body is sent: a refusal must not be lost behind a broken connection.</summary>
    public bool Ask { get; init; }

    public bool AcceptGzip { get; init; }

    /// <summary>Asks for a WebSocket.</summary>
    public bool Upgrade { get; init; }
}

/// <summary>The way to one hub: nothing is followed, kept or unpacked that was not asked for, and everything is bounded.</summary>
internal sealed class HubWay : IDisposable
{
    public const int MostAnswerBytes = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http;
    private readonly IChance _chance;
    private readonly CancellationToken _stop;
    private readonly List<Answer> _answers = [];
    private readonly Lock _gate = new();

    public HubWay(Uri hub, TimeProvider time, IChance chance, CancellationToken stop)
    {
        (Hub, Time, _chance, _stop) = (hub, time, chance, stop);
        _http = new HttpClient(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                AutomaticDecompression = DecompressionMethods.None,
                UseProxy = !hub.IsLoopback,
                ConnectTimeout = TimeSpan.FromSeconds(10),
                Expect100ContinueTimeout = TimeSpan.FromSeconds(2),
                MaxResponseHeadersLength = 16, // KiB
                ActivityHeadersPropagator = null,
            },
            disposeHandler: true
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Hub { get; }

    public TimeProvider Time { get; }

    public CancellationToken Stop => _stop;

    /// <summary>Every answer of the run, without its body but of errors.</summary>
    public IReadOnlyList<Answer> Answers => _answers;

    public string Random(int bytes)
    {
        Span<byte> random = stackalloc byte[bytes];
        _chance.Fill(random);
        return Convert.ToHexStringLower(random);
    }

    public string NewOperationId()
    {
        var digits = $"{Time.GetUtcNow().ToUnixTimeMilliseconds():x12}7{Random(2)[1..]}8{Random(8)[1..]}";
        return $"{digits[..8]}-{digits[8..12]}-{digits[12..16]}-{digits[16..20]}-{digits[20..]}";
    }

    public Uri AddressOf(string path) => new(Hub.GetLeftPart(UriPartial.Path).TrimEnd('/') + path, UriKind.Absolute);

    /// <summary>Ends with the run, or after this time.</summary>
    public Deadline Within(TimeSpan patience) => new(patience, Time, _stop);

    public async Task<Answer> SendAsync(HubRequest asked, string? token)
    {
        var requestId = asked.RequestId ?? $"conformance-{Random(8)}";
        var call = $"{asked.Method} {asked.Path}";
        using var deadline = Within(Patience);
        try
        {
            using var request = Build(asked, token, requestId);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            var body = (int)response.StatusCode == 101 ? [] : await ReadAsync(response, call, deadline.Token);
            var headers = response
                .Headers.Concat(response.Content.Headers)
                .ToImmutableDictionary(h => h.Key.ToLowerInvariant(), h => string.Join(", ", h.Value), StringComparer.Ordinal);
            var answer = new Answer(call, requestId.Length == 0 ? null : requestId, (int)response.StatusCode, headers, body);
            lock (_gate)
            {
                _answers.Add(answer.Status < 400 ? answer with { Body = [] } : answer);
            }

            return answer;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            var why = e is OperationCanceledException ? $"no end within {Patience.TotalSeconds:0} s" : e.GetBaseException().Message;
            throw new HubSilentException($"{call}: {why}", e);
        }
    }

    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Build(HubRequest asked, string? token, string requestId)
    {
        var request = new HttpRequestMessage(new HttpMethod(asked.Method), AddressOf(asked.Path))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var headers = request.Headers;
        headers.TryAddWithoutValidation("Accept", "application/json");
        headers.TryAddWithoutValidation("User-Agent", "actorsync-conformance");
        if (requestId.Length > 0)
        {
            headers.TryAddWithoutValidation("X-Request-Id", requestId);
        }

        if ((asked.Authorization ?? (token is null ? null : $"Bearer {token}")) is { } authorization)
        {
            headers.TryAddWithoutValidation("Authorization", authorization);
        }

        if (asked.AcceptGzip)
        {
            headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }

        if (asked.Upgrade)
        {
            headers.Connection.Add("Upgrade");
            headers.TryAddWithoutValidation("Upgrade", "websocket");
            headers.TryAddWithoutValidation("Sec-WebSocket-Version", "13");
            headers.TryAddWithoutValidation("Sec-WebSocket-Key", Convert.ToBase64String(Convert.FromHexString(Random(16))));
        }

        if (asked.Body is { } body)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            if (asked.Encoding is { } encoding)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
            }

            headers.ExpectContinue = asked.Ask ? true : null;
        }

        return request;
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, string call, CancellationToken cancellation)
    {
        await using var raw = await response.Content.ReadAsStreamAsync(cancellation);
        var packed = response.Content.Headers.ContentEncoding.Contains("gzip", StringComparer.OrdinalIgnoreCase);
        await using var source = packed ? new GZipStream(raw, CompressionMode.Decompress) : raw;
        using var body = new MemoryStream();
        var buffer = new byte[64 << 10];
        try
        {
            while (await source.ReadAsync(buffer, cancellation) is > 0 and var read)
            {
                body.Write(buffer, 0, read);
                if (body.Length > MostAnswerBytes)
                {
                    // A snapshot is as long as its account is large.
                    throw call == "GET /api/v1/sync/snapshot"
                        ? new CheckSkippedException("the account's snapshot is very long; give one of its own to the check")
                        : Expect.Failed($"{call}: the answer is over {MostAnswerBytes >> 20} MiB");
                }
            }
        }
        catch (InvalidDataException)
        {
            throw Expect.Failed($"{call}: the answer is not the gzip that its Content-Encoding says");
        }

        return body.ToArray();
    }
}

/// <summary>The end of one step.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timeout;
    private readonly CancellationTokenSource _either;

    public Deadline(TimeSpan patience, TimeProvider time, CancellationToken stop)
    {
        _timeout = new CancellationTokenSource(patience, time);
        _either = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, stop);
    }

    public CancellationToken Token => _either.Token;

    public void Dispose()
    {
        _either.Dispose();
        _timeout.Dispose();
    }
}

/// <summary>Somebody who calls: a token, or nobody.</summary>
internal sealed class HubCaller(HubWay way, string? token)
{
    public HubWay Way { get; } = way;

    public string? Token { get; } = token;

    public HubCaller As(string? other) => new(Way, other);

    public Task<Answer> SendAsync(HubRequest request) => Way.SendAsync(request, Token);

    public Task<Answer> GetAsync(string path) => SendAsync(new HubRequest("GET", path));

    public Task<Answer> PostAsync(string path, string json) =>
        SendAsync(new HubRequest("POST", path) { Body = Encoding.UTF8.GetBytes(json) });
}
