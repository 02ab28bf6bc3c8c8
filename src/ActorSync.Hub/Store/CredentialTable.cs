namespace ActorSync.Hub.Store;

/// <summary>Credential families, refresh tokens (only their hashes) and pairing codes (only keyed hashes).</summary>
internal sealed class CredentialTable(Connection connection)
{
    private readonly Statement _insertFamily = connection.Prepare("INSERT INTO family (id, device, created_at) VALUES (?, ?, ?)");
    private readonly Statement _selectFamily = connection.Prepare("SELECT device, revoked_at FROM family WHERE id = ?");
    private readonly Statement _revokeFamily = connection.Prepare("UPDATE family SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL");
    private readonly Statement _revokeDevice = connection.Prepare(
        "UPDATE family SET revoked_at = ? WHERE device = ? AND revoked_at IS NULL"
    );
    private readonly Statement _insertToken = connection.Prepare("INSERT INTO refresh_token (hash, family, issued_at) VALUES (?, ?, ?)");
    private readonly Statement _selectToken = connection.Prepare(
        """
        SELECT t.family, t.replaced_at, f.device, f.revoked_at, d.account
        FROM refresh_token t JOIN family f ON f.id = t.family JOIN device d ON d.number = f.device
        WHERE t.hash = ?
        """
    );
    private readonly Statement _replaceTokens = connection.Prepare(
        "UPDATE refresh_token SET replaced_at = ? WHERE family = ? AND replaced_at IS NULL"
    );
    private readonly Statement _forgetTokens = connection.Prepare("DELETE FROM refresh_token WHERE family = ? AND replaced_at < ?");
    private readonly Statement _insertCode = connection.Prepare("INSERT INTO pairing (code, account, expires_at) VALUES (?, ?, ?)");
    private readonly Statement _forgetCodes = connection.Prepare("DELETE FROM pairing WHERE expires_at < ?");
    private readonly Statement _selectCode = connection.Prepare(
        "SELECT account, expires_at, redeemed_at, device, nonce, family FROM pairing WHERE code = ?"
    );
    private readonly Statement _redeemCode = connection.Prepare(
        "UPDATE pairing SET redeemed_at = ?, device = ?, nonce = ?, family = ? WHERE code = ?"
    );

    public void AddFamily(long id, DeviceState device, long now) => _insertFamily.Bind(1, id).Bind(2, device.Number).Bind(3, now).Run();

    public FamilyRow? Family(long id)
    {
        if (!_selectFamily.Bind(1, id).Step())
        {
            return null;
        }

        var row = new FamilyRow(_selectFamily.Int64(0), _selectFamily.Int64OrNull(1));
        _selectFamily.Reset();
        return row;
    }

    public void RevokeFamily(long id, long now) => _revokeFamily.Bind(1, now).Bind(2, id).Run();

    public void RevokeAll(DeviceState device, long now)
    {
        _revokeDevice.Bind(1, now).Bind(2, device.Number).Run();
        device.RevokedAt = now;
        device.Changed = true;
    }

    public void AddToken(ReadOnlySpan<byte> hash, long family, long now) =>
        _insertToken.BindBlob(1, hash).Bind(2, family).Bind(3, now).Run();

    public RefreshRow? Token(ReadOnlySpan<byte> hash)
    {
        if (!_selectToken.BindBlob(1, hash).Step())
        {
            return null;
        }

        var row = new RefreshRow(
            _selectToken.Int64(0),
            _selectToken.Int64OrNull(1),
            _selectToken.Int64(2),
            _selectToken.Int64OrNull(3),
            _selectToken.Int64(4)
        );
        _selectToken.Reset();
        return row;
    }

    /// <summary>Every token of the family that was not replaced yet is replaced now; those replaced before <paramref name="horizon"/> go.</summary>
    public void ReplaceTokens(long family, long now, long horizon)
    {
        _replaceTokens.Bind(1, now).Bind(2, family).Run();
        _forgetTokens.Bind(1, family).Bind(2, horizon).Run();
    }

    /// <summary>Adds a code, and forgets those that ended before <paramref name="horizon"/>.</summary>
    public void AddCode(ReadOnlySpan<byte> code, AccountState account, long expiresAt, long horizon)
    {
        _forgetCodes.Bind(1, horizon).Run();
        _insertCode.BindBlob(1, code).Bind(2, account.Number).Bind(3, expiresAt).Run();
    }

    public PairingRow? Code(ReadOnlySpan<byte> code)
    {
        if (!_selectCode.BindBlob(1, code).Step())
        {
            return null;
        }

        var row = new PairingRow(
            _selectCode.Int64(0),
            _selectCode.Int64(1),
            _selectCode.Int64OrNull(2),
            _selectCode.Int64OrNull(3),
            _selectCode.TextOrNull(4),
            _selectCode.Int64OrNull(5)
        );
        _selectCode.Reset();
        return row;
    }

    /// <param name="device">Null for one that is spent in a browser, before any device is known.</param>
    public void Redeem(ReadOnlySpan<byte> code, DeviceState? device, string nonce, long? family, long now) =>
        _redeemCode.Bind(1, now).Bind(2, device?.Number).Bind(3, nonce).Bind(4, family).BindBlob(5, code).Run();
}

internal sealed record FamilyRow(long Device, long? RevokedAt);

internal sealed record RefreshRow(long Family, long? ReplacedAt, long Device, long? RevokedAt, long Account);

internal sealed record PairingRow(long Account, long ExpiresAt, long? RedeemedAt, long? Device, string? Nonce, long? Family);
