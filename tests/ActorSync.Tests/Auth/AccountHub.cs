using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorSync.Diagnostics;
using ActorSync.TestKit;
using ActorSync.Wire;

namespace ActorSync.Tests.Auth;

/// <summary>The account part of a hub as the protocol has it, in virtual time, behind the port. Can lose, hold and replace answers.</summary>
internal sealed class AccountHub(World world) : IHubPort
{
    public static readonly HubFailure Reset = new(
        ErrorClass.TransientNetwork,
        "reset",
        "the connection was reset",
        "nothing: it is retried"
    );
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(60);
    private readonly Dictionary<string, DateTimeOffset> _access = [];
    private readonly Dictionary<string, Code> _codes = [];
    private readonly List<Action> _held = [];
    private int _issued;
    private readonly Dictionary<string, Family> _families = [];

    public TimeSpan Life { get; set; } = TimeSpan.FromMinutes(15);

    public TimeSpan Latency { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Answers in the hub's place; null lets the hub answer.</summary>
    public Func<HubCall, HubReply?> Instead { get; set; } = static _ => null;

    /// <summary>True: the hub does what was asked, and its answer is lost.</summary>
    public Func<HubCall, bool> Lose { get; set; } = static _ => false;

    /// <summary>True: the hub does what was asked, and its answer waits for <see cref="Release"/>.</summary>
    public Func<HubCall, bool> Hold { get; set; } = static _ => false;

    /// <summary>A cancellation comes too late: the answer is on its way to whoever asked.</summary>
    public bool AnswersThoughCancelled { get; set; }

    /// <summary>Called when a call arrives, before anything else.</summary>
    public Action<HubCall> Arriving { get; set; } = static _ => { };

    /// <summary>Called when the hub has done what was asked, before its answer leaves.</summary>
    public Action<HubCall> Done { get; set; } = static _ => { };

    public List<HubCall> Calls { get; } = [];

    public List<HubReply> Replies { get; } = [];

    /// <summary>Every token and nonce that it gave or was given.</summary>
    public List<string> Secrets { get; } = [];

    public int Held => _held.Count;

    public string Account { get; set; } = "acc";

    /// <summary>Named in grants; null for the device that asked.</summary>
    public string? Device { get; set; }

    private DateTimeOffset Now => world.Now;

    public int Count(string path) => Calls.Count(call => call.Path == path);

    /// <summary>Lets the oldest answers go.</summary>
    public void Release(int count = int.MaxValue)
    {
        var released = _held.Take(count).ToArray();
        _held.RemoveRange(0, released.Length);
        Array.ForEach(released, release => world.At(TimeSpan.Zero, release));
    }

    public void AddCode(string code) => _codes[code] = new Code(Now.AddMinutes(5));

    /// <summary>A token to paste: it states its own life and has no refresh.</summary>
    public string TokenToPaste(TimeSpan life) => Issue(life);

    public bool IsGood(AccessToken? token) => token is not null && _access.TryGetValue(token.Secret, out var end) && Now < end;

    public void Revoke()
    {
        _access.Clear();
        _families.Clear();
    }

    public Task<HubReply> SendAsync(HubCall call, CancellationToken cancellation)
    {
        var done = new TaskCompletionSource<HubReply>();
        if (!AnswersThoughCancelled)
        {
            cancellation.Register(() => done.TrySetCanceled(cancellation));
        }

        world.At(
            Latency / 2,
            () =>
            {
                Calls.Add(call);
                Arriving(call);
                var reply = Instead(call) ?? Answer(call);
                Replies.Add(reply);
                Done(call);
                var answer = Lose(call) ? new HubReply.Failed(Reset) : reply;
                if (Hold(call))
                {
                    _held.Add(() => done.TrySetResult(answer));
                }
                else
                {
                    world.At(Latency / 2, () => done.TrySetResult(answer));
                }
            }
        );
        return done.Task;
    }

    public static HubReply Json(int status, string json) =>
        new HubReply.Answered(status, Encoding.UTF8.GetBytes(json), true, null, null, null);

    public static HubReply Error(int status, string code, TimeSpan? retryAfter = null) =>
        new HubReply.Answered(
            status,
            Encoding.UTF8.GetBytes($$"""{"error":"{{code}}","message":"said the hub"}"""),
            true,
            code,
            "said the hub",
            retryAfter
        );

    public static HubReply Html(int status) =>
        new HubReply.Answered(status, Encoding.UTF8.GetBytes("<html>sign in to the hotel</html>"), false, null, null, null);

    private HubReply Answer(HubCall call) =>
        call.Path.Split('?')[0] switch
        {
            "/v1/auth/me" => Me(call),
            "/v1/auth/refresh" => Refresh(Body(call)),
            "/v1/auth/devices/redeem" => Redeem(Body(call)),
            "/v1/auth/devices/self" => Leave(call),
            _ => Error(404, "not_found"),
        };

    // The device is revoked whole, whichever of its tokens asked.
    private HubReply Leave(HubCall call)
    {
        if (!IsGood(call.Token))
        {
            return Error(401, "token_revoked");
        }

        Revoke();
        return new HubReply.Answered(204, ReadOnlyMemory<byte>.Empty, false, null, null, null);
    }

    private HubReply Me(HubCall call)
    {
        if (call.Token is null)
        {
            return Error(401, "token_missing");
        }

        if (!_access.TryGetValue(call.Token.Secret, out var end))
        {
            return Error(401, "token_revoked");
        }

        return Now >= end
            ? Error(401, "token_expired")
            : Json(
                200,
                $$"""{"account":"{{Account}}","handle":"me","device_id":"{{Device ?? "device-1"}}","token_expires_at":"{{end:O}}"}"""
            );
    }

    private HubReply Refresh(JsonElement body)
    {
        var token = body.GetProperty("refresh_token").GetString()!;
        if (!_families.TryGetValue(token, out var family) || family.Revoked)
        {
            return Error(401, "invalid_grant");
        }

        if (token != family.Current)
        {
            if (Now - family.RotatedAt > Grace)
            {
                family.Revoked = true;
                family.Access.ForEach(access => _access.Remove(access));
                return Error(401, "invalid_grant");
            }
        }
        else
        {
            family.RotatedAt = Now;
        }

        return Grant(body.GetProperty("device_id").GetString()!, family);
    }

    private HubReply Redeem(JsonElement body)
    {
        var (code, nonce) = (body.GetProperty("code").GetString()!, body.GetProperty("nonce").GetString()!);
        Secrets.Add(nonce);
        if (!_codes.TryGetValue(code, out var known))
        {
            return Error(404, "unknown_code");
        }

        if (known.Answer is not null)
        {
            return known.Nonce == nonce ? known.Answer : Error(409, "already_redeemed");
        }

        if (Now >= known.End)
        {
            return Error(410, "expired");
        }

        known.Nonce = nonce;
        return known.Answer = Grant(body.GetProperty("device_id").GetString()!, new Family());
    }

    private HubReply Grant(string device, Family family)
    {
        var (access, refresh) = (Issue(Life), Secret("refresh"));
        family.Access.Add(access);
        family.Current = refresh;
        _families[refresh] = family;
        return Json(
            200,
            $$"""{"access_token":"{{access}}","refresh_token":"{{refresh}}","expires_in":{{(long)Life.TotalSeconds}},"account":"{{Account}}","handle":"me","device_id":"{{Device
                ?? device}}"}"""
        );
    }

    private string Issue(TimeSpan life)
    {
        var end = Now + life;
        var payload = $$"""{"sub":"{{Account}}","exp":{{end.ToUnixTimeSeconds()}},"jti":"{{Secret("jti")}}"}""";
        var token = $"{Segment("""{"alg":"HS256"}""")}.{Segment(payload)}.{Segment(Secret("signature"))}";
        _access[token] = end;
        Secrets.Add(token);
        return token;
    }

    private string Secret(string kind)
    {
        var secret = $"{kind}-secret-{(++_issued).ToString("D6", CultureInfo.InvariantCulture)}";
        Secrets.Add(secret);
        return secret;
    }

    private static string Segment(string text) => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(text));

    private static JsonElement Body(HubCall call) => JsonDocument.Parse(call.Body).RootElement;

    private sealed class Family
    {
        public string Current { get; set; } = "";

        public DateTimeOffset RotatedAt { get; set; }

        public bool Revoked { get; set; }

        public List<string> Access { get; } = [];
    }

    private sealed class Code(DateTimeOffset end)
    {
        public DateTimeOffset End { get; } = end;

        public string? Nonce { get; set; }

        public HubReply? Answer { get; set; }
    }
}

internal static class HubCallText
{
    public static string Utf8(this HubCall call) => System.Text.Encoding.UTF8.GetString(call.Body.Span);
}
