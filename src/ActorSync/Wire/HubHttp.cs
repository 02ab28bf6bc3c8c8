using System.Net;
using ActorSync.Diagnostics;
using ActorSync.Platform;

namespace ActorSync.Wire;

/// <summary>The one HTTP client. Bounded in time and bytes, it follows no redirect, keeps no cookie, and answers instead of throwing.</summary>
/// <remarks>
/// Every deadline runs on the platform's clock. No continuation leaves the thread that completed the transport: the simulation depends on it.
/// Safe to use from any thread; one instance serves a whole runtime.
/// </remarks>
internal sealed class HubHttp : IHubPort, IDisposable
{
    private readonly HttpSettings _settings;
    private readonly SyncPlatform _platform;
    private readonly HttpMessageInvoker _client;
    private Target? _lastTarget;

    public HubHttp(HttpSettings settings, SyncPlatform platform)
    {
        (_settings, _platform) = (settings, platform);
        _client = new HttpMessageInvoker(
            platform.HttpHandler?.Invoke() ?? HubTransport.Create(settings, platform.Time),
            disposeHandler: true
        );
    }

    /// <inheritdoc />
    public async Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (call.Token is { } token && !HubHeaders.IsToken(token.Secret))
        {
            return new HubReply.Failed(Failures.Make("credential_malformed"));
        }

        using var deadline = new HubDeadline(_settings, _platform.Time, !call.Body.IsEmpty, cancellation);
        try
        {
            using var request = Build(call, deadline);
            using var response = await _client.SendAsync(request, deadline.Token).ConfigureAwait(false);
            deadline.Reading();
            return await HubAnswerReader.ReadAsync(call, response, deadline, _platform.Time).ConfigureAwait(false);
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception error)
        {
            return new HubReply.Failed(
                deadline.Token.IsCancellationRequested
                    ? Failures.Make(deadline.Code)
                    : ErrorClassifier.Classify(error, CancellationToken.None)
            );
        }
    }

    /// <inheritdoc />
    public async Task<HubOpening> OpenAsync(HubCall call, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        HttpResponseMessage? response = null;
        var deadline = new HubDeadline(_settings, _platform.Time, !call.Body.IsEmpty, cancellation);
        try
        {
            using var request = Build(call, deadline);
            response = await _client.SendAsync(request, deadline.Token).ConfigureAwait(false);
            deadline.Reading();
            if (response.StatusCode == HttpStatusCode.OK && HubAnswerReader.IsJson(response.Content.Headers.ContentType))
            {
                if (await HubDownload.OpenAsync(response, deadline, cancellation).ConfigureAwait(false) is { } body)
                {
                    (response, deadline) = (null, null);
                    return new HubOpening.Opened(body);
                }
            }

            return new HubOpening.Said(await HubAnswerReader.ReadAsync(call, response, deadline, _platform.Time).ConfigureAwait(false));
        }
        catch (Exception) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (Exception error)
        {
            return new HubOpening.Said(
                new HubReply.Failed(
                    deadline!.Token.IsCancellationRequested
                        ? Failures.Make(deadline.Code)
                        : ErrorClassifier.Classify(error, CancellationToken.None)
                )
            );
        }
        finally
        {
            response?.Dispose();
            deadline?.Dispose();
        }
    }

    public void Dispose() => _client.Dispose();

    private HttpRequestMessage Build(HubCall call, HubDeadline deadline)
    {
        var request = new HttpRequestMessage(call.Method, TargetOf(call))
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (!call.Body.IsEmpty)
        {
            request.Content = new HubContent(call.Body, call.Gzip, deadline);
        }

        var headers = request.Headers;
        headers.TryAddWithoutValidation("Accept", "application/json");
        headers.TryAddWithoutValidation("User-Agent", "ActorSync");
        headers.TryAddWithoutValidation("X-Request-Id", NewRequestId());

        // A page of operations packs well; the short answer to a push is not worth the hub's time.
        if (call.Method == HttpMethod.Get)
        {
            headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        }

        if (call.Token is { } token)
        {
            headers.TryAddWithoutValidation("Authorization", $"Bearer {token.Secret}");
        }

        return request;
    }

    // Joined as text and checked: a path must never be able to name another host. Pushes go to one address, so the last one is kept.
    private Uri TargetOf(HubCall call)
    {
        if (_lastTarget is { } last && ReferenceEquals(last.Hub, call.Hub) && ReferenceEquals(last.Path, call.Path))
        {
            return last.Address;
        }

        var address = new Uri(call.Hub.GetLeftPart(UriPartial.Path).TrimEnd('/') + call.Path, UriKind.Absolute);
        if (
            !call.Path.StartsWith('/')
            || Uri.Compare(address, call.Hub, UriComponents.SchemeAndServer, UriFormat.SafeUnescaped, StringComparison.OrdinalIgnoreCase)
                != 0
        )
        {
            throw new UriFormatException($"{call.Path} is no path of a hub");
        }

        _lastTarget = new Target(call.Hub, call.Path, address);
        return address;
    }

    private string NewRequestId()
    {
        Span<byte> id = stackalloc byte[16];
        _platform.Chance.Fill(id);
        return Convert.ToHexStringLower(id);
    }

    private sealed record Target(Uri Hub, string Path, Uri Address);
}
