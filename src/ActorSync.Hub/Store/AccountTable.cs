using System.Security.Cryptography;
using ActorSync.Model;

namespace ActorSync.Hub.Store;

/// <summary>Accounts and devices: read once, kept while they are used, written when a group commits.</summary>
internal sealed class AccountTable(Connection connection)
{
    private const int KeptAccounts = 10_000;
    private readonly Dictionary<string, AccountState> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<long, AccountState> _byNumber = [];
    private readonly List<AccountState> _used = [];

    private readonly Statement _selectById = connection.Prepare($"{SelectAccount} WHERE id = ?");
    private readonly Statement _selectByHandle = connection.Prepare($"{SelectAccount} WHERE handle = ?");
    private readonly Statement _selectByNumber = connection.Prepare($"{SelectAccount} WHERE number = ?");
    private readonly Statement _selectNumbers = connection.Prepare("SELECT number FROM account ORDER BY number");
    private readonly Statement _selectUnfolded = connection.Prepare(
        "SELECT number FROM account WHERE folded_id < last_id AND number > ? ORDER BY number LIMIT 1"
    );
    private readonly Statement _selectCompactable = connection.Prepare(
        "SELECT number FROM account WHERE compacted_to < folded_id AND number > ? ORDER BY number LIMIT 1"
    );
    private readonly Statement _selectDevices = connection.Prepare(
        "SELECT number, id, name, peer_id, last_seen_at, revoked_at, highest_lamport, operations, acked_id, acked_at FROM device WHERE account = ? ORDER BY number"
    );
    private readonly Statement _selectHead = connection.Prepare("SELECT head FROM op WHERE key = ?");
    private readonly Statement _insert = connection.Prepare(
        "INSERT INTO account (id, handle, head, created_at) VALUES (?, ?, ?, ?) RETURNING number"
    );
    private readonly Statement _insertDevice = connection.Prepare(
        "INSERT INTO device (account, id, name, created_at, last_seen_at) VALUES (?, ?, ?, ?, ?) RETURNING number"
    );
    private readonly Statement _update = connection.Prepare(
        "UPDATE account SET status = ?, last_id = ?, head = ?, max_lamport = ?, folded_id = ?, compacted_to = ? WHERE number = ?"
    );
    private readonly Statement _updateDevice = connection.Prepare(
        "UPDATE device SET name = ?, peer_id = ?, last_seen_at = ?, revoked_at = ?, highest_lamport = ?, operations = ?, acked_id = ?, acked_at = ? WHERE number = ?"
    );

    private const string SelectAccount =
        "SELECT number, id, handle, status, last_id, head, max_lamport, folded_id, compacted_to FROM account";

    public AccountState? ById(string id) => Use(_byId.GetValueOrDefault(id) ?? Load(_selectById.Bind(1, id)));

    public AccountState? ByHandle(string handle) => Use(Load(_selectByHandle.Bind(1, handle)));

    public AccountState ByNumber(long number) =>
        Use(_byNumber.GetValueOrDefault(number) ?? Load(_selectByNumber.Bind(1, number)))
        ?? throw new InvalidOperationException($"account {number} is gone");

    /// <summary>The first account behind <paramref name="number"/> with operations that are not in its replica; null when there is none.</summary>
    public AccountState? NextUnfolded(long number) => Next(_selectUnfolded, number);

    /// <summary>The first account behind <paramref name="number"/> with operations that could be compacted; null when there is none.</summary>
    public AccountState? NextCompactable(long number) => Next(_selectCompactable, number);

    public List<long> Numbers()
    {
        var numbers = new List<long>();
        while (_selectNumbers.Step())
        {
            numbers.Add(_selectNumbers.Int64(0));
        }

        return numbers;
    }

    public AccountState Create(string id, string handle, long now)
    {
        _insert.Bind(1, id).Bind(2, handle).BindBlob(3, HeadChain.Genesis).Bind(4, now).Step();
        _insert.Reset();
        return ById(id)!;
    }

    public DeviceState CreateDevice(AccountState account, string id, string? name, long now)
    {
        _insertDevice.Bind(1, account.Number).Bind(2, id).Bind(3, name).Bind(4, now).Bind(5, now).Step();
        var device = new DeviceState
        {
            Number = _insertDevice.Int64(0),
            Id = id,
            Utf8Id = System.Text.Encoding.UTF8.GetBytes(id),
            Name = name,
            LastSeenAt = now,
        };
        _insertDevice.Reset();
        account.Add(device);
        return device;
    }

    /// <summary>Writes what changed. Part of every commit.</summary>
    /// <param name="ends">Given the logs that grew.</param>
    public void Save(List<LogEnd> ends)
    {
        foreach (var account in _used)
        {
            if (account.LastId > account.ToldId)
            {
                ends.Add(new LogEnd(account.Number, account.LastId, [.. account.Head]));
                account.ToldId = account.LastId;
            }

            if (account.Changed)
            {
                _update
                    .Bind(1, (long)account.Status)
                    .Bind(2, account.LastId)
                    .BindBlob(3, account.Head)
                    .Bind(4, account.MaxLamport)
                    .Bind(5, account.FoldedId)
                    .Bind(6, account.CompactedTo)
                    .Bind(7, account.Number)
                    .Run();
                account.Changed = false;
            }

            foreach (var device in account.Devices)
            {
                if (device.Changed)
                {
                    Save(device);
                }
            }

            account.Used = false;
        }

        _used.Clear();
    }

    /// <summary>Lets accounts go once there are many. Only between groups.</summary>
    public void Trim()
    {
        if (_byNumber.Count > KeptAccounts)
        {
            _byId.Clear();
            _byNumber.Clear();
        }
    }

    private AccountState? Next(Statement select, long number)
    {
        if (!select.Bind(1, number).Step())
        {
            return null;
        }

        var found = select.Int64(0);
        select.Reset();
        return ByNumber(found);
    }

    private AccountState? Use(AccountState? account)
    {
        if (account is { Used: false })
        {
            account.Used = true;
            _used.Add(account);
        }

        return account;
    }

    private void Save(DeviceState device)
    {
        _updateDevice
            .Bind(1, device.Name)
            .Bind(2, device.PeerId)
            .Bind(3, device.LastSeenAt)
            .Bind(4, device.RevokedAt)
            .Bind(5, device.HighestLamport)
            .Bind(6, device.Operations)
            .Bind(7, device.AckedId)
            .Bind(8, device.AckedAt)
            .Bind(9, device.Number)
            .Run();
        device.Changed = false;
    }

    private AccountState? Load(Statement select)
    {
        if (!select.Step())
        {
            return null;
        }

        var number = select.Int64(0);
        if (_byNumber.TryGetValue(number, out var held))
        {
            select.Reset();
            return held;
        }

        var account = new AccountState
        {
            Number = number,
            Id = select.Text(1),
            Handle = select.Text(2),
            Status = (AccountStatus)select.Int32(3),
            LastId = select.Int64(4),
            ToldId = select.Int64(4),
            Head = select.Bytes(5).ToArray(),
            MaxLamport = select.Int64(6),
            FoldedId = select.Int64(7),
            CompactedTo = select.Int64(8),
        };
        select.Reset();
        CheckEnd(account);
        LoadDevices(account);
        _byId.Add(account.Id, account);
        _byNumber.Add(account.Number, account);
        return account;
    }

    // The log's last row carries the head that the account names, or the file is not what was committed.
    private void CheckEnd(AccountState account)
    {
        if (account.LastId == 0)
        {
            return;
        }

        var there = _selectHead.Bind(1, account.KeyOf(account.LastId)).Step();
        var same = there && CryptographicOperations.FixedTimeEquals(_selectHead.Bytes(0), account.Head);
        _selectHead.Reset();
        if (!same)
        {
            throw new HubException(
                "hub_corrupt",
                $"the log of account '{account.Id}' does not end at {account.LastId} with its head",
                "restore a backup of the hub's folder"
            );
        }
    }

    private void LoadDevices(AccountState account)
    {
        _selectDevices.Bind(1, account.Number);
        while (_selectDevices.Step())
        {
            var id = _selectDevices.Text(1);
            account.Add(
                new DeviceState
                {
                    Number = _selectDevices.Int64(0),
                    Id = id,
                    Utf8Id = System.Text.Encoding.UTF8.GetBytes(id),
                    Name = _selectDevices.TextOrNull(2),
                    PeerId = _selectDevices.TextOrNull(3),
                    LastSeenAt = _selectDevices.Int64(4),
                    RevokedAt = _selectDevices.Int64OrNull(5),
                    HighestLamport = _selectDevices.Int64(6),
                    Operations = _selectDevices.Int64(7),
                    AckedId = _selectDevices.Int64(8),
                    AckedAt = _selectDevices.Int64(9),
                }
            );
        }
    }
}
