using ActorSync.Hub.Accounts;
using ActorSync.Hub.Admin;
using ActorSync.Hub.Sockets;
using ActorSync.Hub.Store;
using Microsoft.AspNetCore.Http;

namespace ActorSync.Hub.Http;

/// <summary>What every endpoint is given.</summary>
internal sealed record HubContext(HubOptions Options, StoreThread Store, AccessTokens Tokens, Credentials Credentials)
{
    private const int MostFormBytes = 16 << 10;

    public RequestBody Bodies { get; } = new(Options.Limits);

    public BrowserSignIn SignIn { get; } = new(Tokens, Credentials, Options);

    public HubAdmin Admin { get; } = new(Store, Credentials, Options);

    public SocketDesk Sockets { get; } = new(Store);

    public PairingThrottle Throttle { get; } = new(Options.Time, Options.Limits.PairingTriesPerMinute);

    /// <summary>Cancelled when the hub begins to stop: whatever streams ends with it.</summary>
    public CancellationToken Stopping { get; init; }

    /// <summary>Checks the bearer as far as that goes without the store.</summary>
    public (TokenClaims? Claims, HubAnswer? Refusal) ReadBearer(HttpContext context)
    {
        const string scheme = "Bearer ";
        var header = context.Request.Headers.Authorization.ToString();
        if (header.Length == 0)
        {
            return (null, Unauthorized("token_missing", "Authorization: Bearer <access token> is missing"));
        }

        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || Tokens.Read(header[scheme.Length..].Trim()) is not { } claims)
        {
            return (null, Unauthorized("token_invalid", "the access token is not one of this hub's; pair again"));
        }

        return claims.ExpiresAt <= Options.Time.GetUtcNow()
            ? (null, Unauthorized("token_expired", "the access token has expired; refresh it or pair again"))
            : (claims, null);
    }

    /// <summary>Runs work for the device that the token speaks for, in one transaction with the check that it still may.</summary>
    /// <param name="sync">True for what a disabled or restricted account may not do.</param>
    public Task<HubAnswer> RunAsync(TokenClaims claims, bool sync, Func<HubStore, Admission.Granted, HubAnswer> work) =>
        Store.RunAsync(store =>
            store.Admit(claims) switch
            {
                Admission.Granted granted => (sync ? Forbidden(granted.Account) : null) ?? work(store, granted),
                Admission.Refused refused => Unauthorized(refused.Code, refused.Message),
                _ => throw new InvalidOperationException("an admission is granted or refused"),
            }
        );

    public Task<HubAnswer> RunAsync(HttpContext context, bool sync, Func<HubStore, Admission.Granted, HubAnswer> work)
    {
        var (claims, refusal) = ReadBearer(context);
        return claims is null ? Task.FromResult(refusal!) : RunAsync(claims, sync, work);
    }

    /// <summary>The number of the account that may sync by this token, or the answer that refuses it.</summary>
    public async Task<(long Account, HubAnswer? Refusal)> AdmitAsync(HttpContext context)
    {
        long account = 0;
        var answer = await RunAsync(
            context,
            sync: true,
            (_, granted) =>
            {
                account = granted.Account.Number;
                return Settled;
            }
        );
        return (account, ReferenceEquals(answer, Settled) ? null : answer);
    }

    /// <summary>The body as a small JSON object, or the answer that refuses it.</summary>
    public async Task<(Form? Form, HubAnswer? Refusal)> FormAsync(HttpContext context)
    {
        var (body, refusal) = await Bodies.ReadAsync(context, MostFormBytes);
        if (body is null)
        {
            return (null, refusal);
        }

        using var held = body;
        return Form.Read(body.Written) is { } form ? (form, null) : (null, HubAnswer.Invalid("the body is no JSON object"));
    }

    /// <summary>Stands for "allowed, and the result is elsewhere".</summary>
    public static readonly HubAnswer Settled = HubAnswer.NoContent();

    public static HubAnswer Unauthorized(string code, string message) => HubAnswer.Error(401, code, message);

    private static HubAnswer? Forbidden(AccountState account) =>
        account.Status switch
        {
            AccountStatus.SyncDisabled => HubAnswer.Error(403, "sync_disabled", "sync is switched off for this account"),
            AccountStatus.Restricted => HubAnswer.Error(403, "account_restricted", "this account is restricted; ask whoever runs the hub"),
            _ => null,
        };
}
