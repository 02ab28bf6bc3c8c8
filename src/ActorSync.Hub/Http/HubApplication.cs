using System.IO.Compression;
using ActorSync.Hub.Admin;
using ActorSync.Hub.Store;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace ActorSync.Hub.Http;

/// <summary>From a request to its answer: routes, request ids, and an error envelope for whatever goes wrong.</summary>
internal sealed class HubApplication : IHttpApplication<HttpContext>
{
    private const string OperationsPath = "/api/v1/sync/ops";
    private const int MostRequestId = 128;

    private readonly HubContext _hub;
    private readonly ILogger _log;
    private readonly AdminSocket _admin;
    private readonly FaultDice _faults;
    private readonly SyncEndpoints _sync;
    private readonly Dictionary<string, Dictionary<string, Func<HttpContext, Task<HubAnswer>>>> _routes;

    public HubApplication(HubContext hub)
    {
        _hub = hub;
        _log = hub.Options.Logs.CreateLogger<HubApplication>();
        _admin = new AdminSocket(hub);
        _faults = new FaultDice(hub.Options.Faults);
        _sync = new SyncEndpoints(hub);
        var accounts = new AccountEndpoints(hub);
        var authorize = new AuthorizeEndpoint(hub);
        var probes = new ProbeEndpoints(hub);
        _routes = new(StringComparer.Ordinal)
        {
            [OperationsPath] = On(("POST", _sync.PushAsync), ("GET", _sync.PullAsync)),
            ["/api/v1/sync/ws"] = On(("GET", new SocketEndpoint(hub).OpenAsync)),
            ["/api/v1/sync/ack"] = On(("POST", _sync.AckAsync)),
            ["/api/v1/sync/snapshot"] = On(("GET", new SnapshotEndpoint(hub).ReadAsync)),
            ["/api/v1/sync/digest"] = On(("GET", _sync.DigestAsync)),
            ["/authorize"] = On(("GET", authorize.ShowAsync), ("POST", authorize.SubmitAsync)),
            ["/v1/auth/token"] = On(("POST", accounts.ExchangeAsync)),
            ["/v1/auth/me"] = On(("GET", accounts.MeAsync)),
            ["/v1/auth/refresh"] = On(("POST", accounts.RefreshAsync)),
            ["/v1/auth/devices/start"] = On(("POST", accounts.StartPairingAsync)),
            ["/v1/auth/devices/redeem"] = On(("POST", accounts.RedeemAsync)),
            ["/v1/auth/devices/self"] = On(("DELETE", accounts.RevokeSelfAsync)),
            ["/v1/devices"] = On(("GET", accounts.DevicesAsync)),
            ["/v1/devices/self"] = On(("PUT", accounts.DescribeSelfAsync)),
            ["/v1/me/hangar"] = On(("POST", new HangarEndpoint(hub).PutAsync)),
            ["/health"] = On(("GET", probes.HealthAsync)),
            ["/ready"] = On(("GET", probes.ReadyAsync)),
        };
    }

    public HttpContext CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

    public void DisposeContext(HttpContext context, Exception? exception) { }

    public async Task ProcessRequestAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = RequestId(context);
        try
        {
            var answer = await AnswerAsync(context, () => FaultyAsync(context));
            if (answer?.Upgrade is { } upgrade)
            {
                answer = await AnswerAsync(context, () => upgrade(context));
            }

            if (answer is not null && !context.Response.HasStarted)
            {
                await SendAsync(context, answer);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or ConnectionResetException)
        {
            // The caller is gone: there is nobody to answer.
            context.Abort();
        }
    }

    /// <summary>What the hub was started to do wrong with this request, or the right answer to it.</summary>
    private async Task<HubAnswer?> FaultyAsync(HttpContext context)
    {
        if (AdminSocket.IsOn(context) || _faults.Draw(context.Request.Method, context.Request.Path.Value ?? "") is not { } fault)
        {
            return await DispatchAsync(context);
        }

        if (fault.Delay > TimeSpan.Zero)
        {
            await Task.Delay(fault.Delay, _hub.Options.Time, context.RequestAborted);
        }

        switch (fault.Kind)
        {
            case FaultKind.Error:
                var wait = fault.Status is 429 or 503 ? TimeSpan.FromSeconds(1) : (TimeSpan?)null;
                return HubAnswer.Error(fault.Status, fault.Code, "this hub was started with --fault", retryAfter: wait);
            case FaultKind.Html:
                return HubAnswer.Html(fault.Status, "<!doctype html><title>Sign in to the network</title><h1>Welcome</h1>");
            case FaultKind.Drop:
                context.Abort();
                return null;
            case FaultKind.LoseAnswer:
                (await DispatchAsync(context)).Dispose();
                context.Abort();
                return null;
            default:
                return await DispatchAsync(context);
        }
    }

    private async Task<HubAnswer?> AnswerAsync(HttpContext context, Func<Task<HubAnswer?>> answer)
    {
        try
        {
            return await answer();
        }
        catch (StoreUnavailableException e)
        {
            return HubAnswer.Unavailable(e.Message);
        }
        catch (BadHttpRequestException e)
        {
            return e.StatusCode switch
            {
                StatusCodes.Status413PayloadTooLarge => HubAnswer.Error(
                    413,
                    "too_large",
                    $"the body is over {_hub.Options.Limits.BodyBytes} bytes",
                    json => json.WriteNumber("limit_bytes"u8, _hub.Options.Limits.BodyBytes),
                    close: true
                ),
                StatusCodes.Status408RequestTimeout => HubAnswer.Error(408, "timeout", "the body came too slowly", close: true),
                _ => HubAnswer.Error(400, "invalid_request", "the request is no well-formed HTTP", close: true),
            };
        }
        catch (Exception e) when (e is not (OperationCanceledException or IOException or ConnectionResetException))
        {
            _log.LogError(
                e,
                "{Method} {Path} failed; answered 500 to request {RequestId}",
                context.Request.Method,
                context.Request.Path,
                context.Response.Headers["X-Request-Id"]
            );
            return HubAnswer.Error(500, "internal", "the hub failed; its log has the reason under this request's id");
        }
    }

    private Task<HubAnswer> DispatchAsync(HttpContext context)
    {
        if (AdminSocket.IsOn(context))
        {
            return _admin.AnswerAsync(context);
        }

        var path = context.Request.Path.Value ?? "";
        var method = context.Request.Method;
        if (_routes.TryGetValue(path, out var methods))
        {
            return methods.TryGetValue(method, out var endpoint) ? endpoint(context) : NotAllowed(string.Join(", ", methods.Keys));
        }

        if (path.StartsWith(OperationsPath + "/", StringComparison.Ordinal) && path.IndexOf('/', OperationsPath.Length + 1) < 0)
        {
            return method == "GET" ? _sync.OperationAsync(context, path[(OperationsPath.Length + 1)..]) : NotAllowed("GET");
        }

        return Task.FromResult(HubAnswer.Error(404, "not_found", "no such path at this hub"));
    }

    private static async Task SendAsync(HttpContext context, HubAnswer answer)
    {
        var response = context.Response;
        response.StatusCode = answer.Status;
        foreach (var (name, value) in answer.Headers)
        {
            response.Headers.Append(name, value);
        }

        response.Headers.CacheControl = "no-store";
        if (answer.RetryAfter is { } seconds)
        {
            response.Headers.RetryAfter = seconds.ToString();
        }

        if (answer.Allow is not null)
        {
            response.Headers.Allow = answer.Allow;
        }

        if (answer.Close)
        {
            response.Headers.Connection = "close";
        }

        if (answer.Source is { } source)
        {
            using var held = answer.Held;
            await StreamAsync(context, source);
            return;
        }

        if (answer.Body is not { } body)
        {
            return;
        }

        using (body)
        {
            response.ContentType = answer.ContentType;
            response.ContentLength = body.Length;
            await response.Body.WriteAsync(body.Written, context.RequestAborted);
        }
    }

    private static async Task StreamAsync(HttpContext context, Func<Stream, Task> source)
    {
        var response = context.Response;
        response.ContentType = "application/json";
        response.Headers.Vary = "Accept-Encoding";
        if (!TakesGzip(context.Request.Headers.AcceptEncoding))
        {
            await source(response.Body);
            return;
        }

        response.Headers.ContentEncoding = "gzip";
        await using var gzip = new GZipStream(response.Body, CompressionLevel.Fastest, leaveOpen: true);
        await source(gzip);
    }

    private static bool TakesGzip(StringValues accepted) =>
        StringWithQualityHeaderValue.TryParseList(accepted, out var encodings)
        && encodings.Any(e => e.Value.Equals("gzip", StringComparison.OrdinalIgnoreCase) && e.Quality is not 0);

    /// <summary>The caller's id when it is short and plain, what is plain of it otherwise, one of ours when nothing is left.</summary>
    private string RequestId(HttpContext context)
    {
        var given = context.Request.Headers["X-Request-Id"].ToString();
        var plain = given.Length <= MostRequestId && given.All(IsPlain) ? given : string.Concat(given.Where(IsPlain).Take(MostRequestId));
        if (plain.Length > 0)
        {
            return plain;
        }

        Span<byte> random = stackalloc byte[8];
        _hub.Options.Chance.Fill(random);
        return Convert.ToHexStringLower(random);
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or ':';

    private static Task<HubAnswer> NotAllowed(string allow) =>
        Task.FromResult(HubAnswer.Error(405, "method_not_allowed", $"this path takes {allow}", allow: allow));

    private static Dictionary<string, Func<HttpContext, Task<HubAnswer>>> On(
        params (string Method, Func<HttpContext, Task<HubAnswer>> Endpoint)[] endpoints
    ) => endpoints.ToDictionary(e => e.Method, e => e.Endpoint, StringComparer.Ordinal);
}
