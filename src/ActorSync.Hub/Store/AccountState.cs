using System.Text.Json.Serialization;

namespace ActorSync.Hub.Store;

/// <summary>Whether an account may sync. The numbers are stored.</summary>
internal enum AccountStatus : byte
{
    [JsonStringEnumMemberName("active")]
    Active = 0,

    [JsonStringEnumMemberName("disabled")]
    SyncDisabled = 1,

    [JsonStringEnumMemberName("restricted")]
    Restricted = 2,
}

/// <summary>One account as the store's thread holds it: the row, and its devices. Changes are written when the group commits.</summary>
internal sealed class AccountState
{
    private readonly Dictionary<string, DeviceState> _byId = new(StringComparer.Ordinal);

    public required long Number { get; init; }

    public required string Id { get; init; }

    public required string Handle { get; init; }

    public AccountStatus Status { get; set; }

    public long LastId { get; set; }

    /// <summary>32 bytes, overwritten in place.</summary>
    public required byte[] Head { get; init; }

    /// <summary>The last id that those who wait were told of.</summary>
    public long ToldId { get; set; }

    public long MaxLamport { get; set; }

    public long FoldedId { get; set; }

    /// <summary>Of what is at or below it only identity, stamp and head are left.</summary>
    public long CompactedTo { get; set; }

    public bool Changed { get; set; }

    /// <summary>It was looked up in this group, so it is looked at when the group commits.</summary>
    public bool Used { get; set; }

    public IReadOnlyCollection<DeviceState> Devices => _byId.Values;

    public DeviceState? Device(string id) => _byId.GetValueOrDefault(id);

    public DeviceState? Device(long number) => _byId.Values.FirstOrDefault(d => d.Number == number);

    public void Add(DeviceState device) => _byId.Add(device.Id, device);

    /// <summary>Where an id of this account stands in the log.</summary>
    public long KeyOf(long id) => (Number << OperationLog.IdBits) | id;
}

/// <summary>One device of an account, with what the hub holds of it.</summary>
internal sealed class DeviceState
{
    public required long Number { get; init; }

    public required string Id { get; init; }

    public required byte[] Utf8Id { get; init; }

    public string? Name { get; set; }

    public string? PeerId { get; set; }

    public long LastSeenAt { get; set; }

    public long? RevokedAt { get; set; }

    public long HighestLamport { get; set; }

    public long Operations { get; set; }

    /// <summary>It says that it has everything up to here; 0 when it never said so.</summary>
    public long AckedId { get; set; }

    /// <summary>When it last said so. Unix milliseconds.</summary>
    public long AckedAt { get; set; }

    public bool Changed { get; set; }
}
