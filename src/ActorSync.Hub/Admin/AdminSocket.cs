using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ActorSync.Hub.Http;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Admin;

/// <summary>
/// A Unix domain socket in the hub's folder. Whoever may open it, its owner, is the operator; what comes over the network never reaches what it answers,
/// and it answers nothing else.
/// </summary>
internal sealed class AdminSocket(HubContext hub)
{
    // sun_path holds 104 bytes on the BSDs, 108 on Linux, with a NUL at its end.
    private const int MostPath = 103;
    private const int MostBytes = 16 << 10;

    /// <summary>Null when the folder's name is too long for a socket.</summary>
    public static string? PathIn(string directory)
    {
        var path = Path.Combine(Path.GetFullPath(directory), "hub.sock");
        return Encoding.UTF8.GetByteCount(path) <= MostPath ? path : null;
    }

    public static bool IsOn(HttpContext context) =>
        context.Features.Get<IConnectionSocketFeature>()?.Socket.LocalEndPoint is UnixDomainSocketEndPoint;

    public async Task<HubAnswer> AnswerAsync(HttpContext context)
    {
        var (body, refusal) = await hub.Bodies.ReadAsync(context, MostBytes);
        if (body is null)
        {
            return refusal!;
        }

        using var held = body;
        try
        {
            return JsonSerializer.Deserialize(body.Written.Span, AdminJson.Default.AdminAsk) is { } ask
                ? HubAnswer.Json(await DoAsync(hub.Admin, ask))
                : HubAnswer.Invalid("the body is no question");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            return HubAnswer.Invalid(e.Message);
        }
    }

    /// <exception cref="ArgumentException">The question lacks something.</exception>
    public static async Task<AdminAnswer> DoAsync(HubAdmin admin, AdminAsk ask)
    {
        switch (ask.Call)
        {
            case AdminCall.Accounts:
                return new AdminAnswer(Accounts: await admin.AccountsAsync());
            case AdminCall.Code:
                var code = await admin.CreatePairingCodeAsync(ask.Account!);
                return new AdminAnswer(Code: code.Code, ExpiresAt: code.ExpiresAt);
            case AdminCall.Revoke:
                return new AdminAnswer(await admin.RevokeDeviceAsync(ask.Account!, ask.Device ?? ""));
            case AdminCall.Status:
                return new AdminAnswer(
                    await admin.SetAccountStatusAsync(
                        ask.Account!,
                        ask.Status ?? throw new ArgumentException("status: is missing", nameof(ask))
                    )
                );
            case AdminCall.Compact:
                return new AdminAnswer(Count: await admin.CompactAsync());
            default:
                throw new ArgumentException($"call: '{ask.Call}' is none", nameof(ask));
        }
    }
}
