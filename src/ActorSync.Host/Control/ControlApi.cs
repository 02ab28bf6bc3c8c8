using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Host.Control;

/// <summary>
/// <c>POST /v1/{profile}/{call}</c> answers <see cref="Calls"/>, <c>POST /host/{call}</c> answers <see cref="HostCalls"/>, and <c>POST /host/logs</c>
/// streams. Who may ask is decided before it comes here.
/// </summary>
internal static class ControlApi
{
    public static async Task AnswerAsync(HttpContext context, ControlDesk desk)
    {
        var cancellation = context.RequestAborted;
        try
        {
            // Any other spelling of a path is not ours.
            var parts = (context.Request.Path.Value ?? "").Split('/');
            switch (parts)
            {
                case var _ when !HttpMethods.IsPost(context.Request.Method):
                    throw Unknown(context.Request.Path);
                case ["", "host", LogStream.Name]:
                    await LogStream.WriteAsync(context, desk, cancellation);
                    break;
                case ["", "host", var name] when HostCalls.All.TryGetValue(name, out var call):
                    await WriteAsync(context.Response, 200, await call.AnswerAsync(desk, context.Request.Body, cancellation), cancellation);
                    break;
                case ["", "v1", var profile, var name] when Calls.All.TryGetValue(name, out var call):
                    var answer = await call.AnswerAsync(desk.Profile(profile), context.Request.Body, cancellation);
                    await WriteAsync(context.Response, StatusCodes.Status200OK, answer, cancellation);
                    break;
                default:
                    throw Unknown(context.Request.Path);
            }
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Who asked has gone.
        }
        catch (SyncException failure) when (!context.Response.HasStarted)
        {
            var status = failure.Code is "unknown_call" or "unknown_profile"
                ? StatusCodes.Status404NotFound
                : StatusCodes.Status409Conflict;
            await RefuseAsync(context.Response, status, failure, cancellation);
        }
    }

    public static Task RefuseAsync(HttpResponse response, int status, SyncException failure, CancellationToken cancellation) =>
        WriteAsync(
            response,
            status,
            JsonSerializer.SerializeToUtf8Bytes(FailureDocument.Of(failure), HostJson.Default.FailureDocument),
            cancellation
        );

    private static SyncException Unknown(PathString path) =>
        new("unknown_call", $"no such call: {path}", "use the same version of actorsync on both sides");

    private static async Task WriteAsync(HttpResponse response, int status, byte[] json, CancellationToken cancellation)
    {
        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        await response.Body.WriteAsync(json, cancellation);
    }
}
