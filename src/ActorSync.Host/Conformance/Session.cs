using System.Text.Json;

namespace ActorSync.Host.Conformance;

/// <summary>What a run was given.</summary>
internal sealed record ConformanceInput(Uri Hub, string Token)
{
    /// <summary>Of another device of the same account.</summary>
    public string? SecondToken { get; init; }

    /// <summary>Of a device of another account.</summary>
    public string? OtherAccountToken { get; init; }

    public string? PairingCode { get; init; }

    /// <summary>Renews the token's device; it is used up.</summary>
    public string? RefreshToken { get; init; }

    public string? ExpiredToken { get; init; }

    /// <summary>Of an account for which sync is switched off.</summary>
    public string? DisabledToken { get; init; }

    /// <summary>Beginnings of ids; all checks when there are none.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];
}

/// <summary>One run against one hub: who calls, and what the checks share.</summary>
internal sealed class Session(ConformanceInput input, HubWay way)
{
    private readonly string _prefix = $"conformance-{way.Random(6)}";
    private TestDevice? _main;
    private TestDevice? _second;
    private TestDevice? _other;
    private Task<Guest>? _guest;

    public ConformanceInput Input => input;

    public HubWay Way => way;

    /// <summary>Without a token.</summary>
    public HubCaller Nobody { get; } = new(way, token: null);

    /// <summary>The token's device.</summary>
    public TestDevice Main => _main ?? throw new InvalidOperationException("the session is not open");

    /// <summary>The device that this run paired; null when none did yet, or it is gone.</summary>
    public Guest? Paired { get; set; }

    /// <summary>The refresh token that replaced the first one.</summary>
    public string? Renewed { get; set; }

    public async Task OpenAsync() => _main = await JoinAsync(input.Token);

    /// <summary>Another device of the same account.</summary>
    /// <exception cref="CheckSkippedException">No token was given, and none could be paired.</exception>
    public async Task<TestDevice> SecondAsync()
    {
        if (_second is null)
        {
            var second = await JoinAsync(input.SecondToken ?? (await GuestAsync()).AccessToken);
            Require(second.Account == Main.Account && second.Id != Main.Id, "--second-token: is not another device of the same account");
            _second = second;
        }

        return _second;
    }

    /// <summary>A device of another account.</summary>
    public async Task<TestDevice> OtherAsync()
    {
        if (_other is null)
        {
            Require(input.OtherAccountToken is not null, "needs --account-b-token");
            var other = await JoinAsync(input.OtherAccountToken!);
            Require(other.Account != Main.Account, "--account-b-token: is of the same account");
            _other = other;
        }

        return _other;
    }

    /// <summary>A device that joins by a pairing code, once a run.</summary>
    public Task<Guest> GuestAsync() => _guest ??= PairAsync();

    public static void Require(bool given, string otherwise)
    {
        if (!given)
        {
            throw new CheckSkippedException(otherwise);
        }
    }

    /// <summary>Takes the device that this run paired off the account again.</summary>
    public async Task LeaveAsync()
    {
        if (Paired is { } guest)
        {
            Paired = null;
            await new HubCaller(way, guest.AccessToken).SendAsync(new HubRequest("DELETE", "/v1/auth/devices/self"));
        }
    }

    public Task<Answer> RedeemAsync(string code, string device, string nonce) =>
        Nobody.PostAsync(
            "/v1/auth/devices/redeem",
            $"{{\"code\":{JsonText.Quote(code)},\"device_id\":{JsonText.Quote(device)},\"device_name\":\"conformance\",\"nonce\":{JsonText.Quote(nonce)}}}"
        );

    private Task<TestDevice> JoinAsync(string token) => TestDevice.JoinAsync(new HubCaller(way, token), _prefix);

    private async Task<Guest> PairAsync()
    {
        var code = input.PairingCode;
        if (code is null)
        {
            var started = await Main.Caller.PostAsync("/v1/auth/devices/start", "{}");
            Require(started.Status == 200, $"needs --pairing-code: the hub gives this token none ({started.Status})");
            code = started.Json.Text("code");
        }

        var (device, nonce) = ($"{_prefix}-guest", way.Random(16));

        // As a person might type it.
        var answer = await RedeemAsync($"{code[..4].ToLowerInvariant()}-{code[4..]}", device, nonce);
        Require(answer.Status != 429, "the hub throttles pairing; wait a minute");
        var granted = answer.Gives();
        Paired = new Guest(code, device, nonce, granted, granted.Text("access_token"), granted.Text("refresh_token"));
        return Paired;
    }
}

/// <summary>A device that was paired, and the first answer it got.</summary>
internal sealed record Guest(string Code, string Device, string Nonce, JsonElement Granted, string AccessToken, string RefreshToken);
