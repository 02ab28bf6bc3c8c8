using ActorSync.Hub.Accounts;

namespace ActorSync.Hub.Store;

/// <summary>The open store: one connection for reads and writes, what is cached of it, and its transactions. One thread at a time.</summary>
/// <remarks>After any fault the whole object is thrown away with its caches, and the file is opened and checked again.</remarks>
internal sealed class HubStore : IDisposable
{
    private readonly Connection _connection;
    private readonly Statement _begin;
    private readonly Statement _commit;
    private readonly Statement _probe;
    private readonly Dictionary<long, AccountDigest> _digests = [];
    private readonly List<LogEnd> _ends = [];
    private readonly HashSet<long> _doubted = [];
    private long _lastFolded;

    private HubStore(Connection connection, TimeProvider time)
    {
        _connection = connection;
        Time = time;
        _begin = connection.Prepare("BEGIN");
        _commit = connection.Prepare("COMMIT");
        _probe = connection.Prepare("INSERT INTO probe (number, at) VALUES (1, ?) ON CONFLICT (number) DO UPDATE SET at = excluded.at");
        Accounts = new AccountTable(connection);
        Log = new OperationLog(connection);
        Replica = new Replica(connection, Log);
        Compaction = new LogCompaction(connection);
        Hangar = new HangarTable(connection);
        Authorizations = new AuthorizationTable(connection);
        Credentials = new CredentialTable(connection);
    }

    public TimeProvider Time { get; }

    public AccountTable Accounts { get; }

    public OperationLog Log { get; }

    public Replica Replica { get; }

    public LogCompaction Compaction { get; }

    public HangarTable Hangar { get; }

    public AuthorizationTable Authorizations { get; }

    public CredentialTable Credentials { get; }

    public long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static HubStore Open(StoreFile file, HubOptions options) =>
        new(file.Open(options.SqliteVfs, options.Limits.StoreBytes, options.Time), options.Time);

    public void Begin() => _begin.Run();

    /// <summary>Durable when it returns. Null when nobody can have waited for what it changed.</summary>
    public CommitNews? Commit()
    {
        Accounts.Save(_ends);
        _commit.Run();
        Accounts.Trim();
        if (_ends.Count == 0 && _doubted.Count == 0)
        {
            return null;
        }

        var news = new CommitNews([.. _ends], [.. _doubted]);
        _ends.Clear();
        _doubted.Clear();
        return news;
    }

    /// <summary>Once this commits, whoever is connected for the account is looked at again.</summary>
    public void Doubt(AccountState account) => _doubted.Add(account.Number);

    /// <summary>Fails when the store cannot be written.</summary>
    public void Probe() => _probe.Bind(1, Now).Run();

    /// <summary>Folds some operations of the next account that has any. False when nothing is left to fold.</summary>
    public bool FoldSome(int most)
    {
        var account = Accounts.NextUnfolded(_lastFolded);
        if (account is null && _lastFolded > 0)
        {
            account = Accounts.NextUnfolded(0);
        }

        if (account is null)
        {
            return false;
        }

        Replica.Fold(account, most);
        _lastFolded = account.Number;
        return true;
    }

    public AccountDigest? DigestOf(AccountState account) =>
        _digests.TryGetValue(account.Number, out var digest) && digest.Cursor == account.LastId ? digest : null;

    public void Keep(AccountState account, AccountDigest digest) => _digests[account.Number] = digest;

    /// <summary>Whom a token speaks for, checked against what is stored now.</summary>
    public Admission Admit(TokenClaims claims)
    {
        if (Accounts.ById(claims.Account) is not { } account)
        {
            return new Admission.Refused("token_invalid", "this hub has no such account; pair again");
        }

        var device = account.Device(claims.Device);
        var family = Credentials.Family(claims.Family);
        if (family is null)
        {
            // Families are never deleted. A signed token of one that is not there was issued after the backup that this store was restored from.
            device ??= Accounts.CreateDevice(account, claims.Device, null, Now);
            Credentials.AddFamily(claims.Family, device, Now);
        }
        else if (device is null || family.Device != device.Number)
        {
            return new Admission.Refused("token_invalid", "the token names a device that it was not issued to; pair again");
        }
        else if (family.RevokedAt is not null || device.RevokedAt is not null)
        {
            return new Admission.Refused("token_revoked", "this device's access was revoked; pair again");
        }

        if (Now - device.LastSeenAt >= SeenEveryMilliseconds)
        {
            device.LastSeenAt = Now;
            device.Changed = true;
        }

        return new Admission.Granted(account, device, claims);
    }

    private const long SeenEveryMilliseconds = 60_000;

    public void Dispose() => _connection.Dispose();
}

/// <summary>What came of looking a token up.</summary>
internal abstract record Admission
{
    private Admission() { }

    public sealed record Granted(AccountState Account, DeviceState Device, TokenClaims Claims) : Admission;

    /// <summary>401 with this code.</summary>
    public sealed record Refused(string Code, string Message) : Admission;
}
