namespace ActorSync.Hub.Store;

/// <summary>The codes that browsers carry back to a program, by their hashes.</summary>
internal sealed class AuthorizationTable(Connection connection)
{
    private readonly Statement _insert = connection.Prepare(
        "INSERT INTO authorization_code (hash, account, challenge, redirect_uri, expires_at) VALUES (?, ?, ?, ?, ?)"
    );
    private readonly Statement _forget = connection.Prepare("DELETE FROM authorization_code WHERE expires_at < ?");
    private readonly Statement _select = connection.Prepare(
        "SELECT account, challenge, redirect_uri, expires_at, used_at, family FROM authorization_code WHERE hash = ?"
    );
    private readonly Statement _use = connection.Prepare("UPDATE authorization_code SET used_at = ?, family = ? WHERE hash = ?");

    /// <summary>Adds a code, and forgets those that ended before <paramref name="horizon"/>.</summary>
    public void Add(ReadOnlySpan<byte> hash, AccountState account, string challenge, string redirectUri, long expiresAt, long horizon)
    {
        _forget.Bind(1, horizon).Run();
        _insert.BindBlob(1, hash).Bind(2, account.Number).Bind(3, challenge).Bind(4, redirectUri).Bind(5, expiresAt).Run();
    }

    public AuthorizationRow? Find(ReadOnlySpan<byte> hash)
    {
        if (!_select.BindBlob(1, hash).Step())
        {
            return null;
        }

        var row = new AuthorizationRow(
            _select.Int64(0),
            _select.Text(1),
            _select.Text(2),
            _select.Int64(3),
            _select.Int64OrNull(4),
            _select.Int64OrNull(5)
        );
        _select.Reset();
        return row;
    }

    public void Use(ReadOnlySpan<byte> hash, long family, long now) => _use.Bind(1, now).Bind(2, family).BindBlob(3, hash).Run();
}

internal sealed record AuthorizationRow(long Account, string Challenge, string RedirectUri, long ExpiresAt, long? UsedAt, long? Family);
