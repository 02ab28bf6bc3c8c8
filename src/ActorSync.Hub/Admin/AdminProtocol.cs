using System.Text.Json.Serialization;

namespace ActorSync.Hub.Admin;

/// <summary>What an operator asks for.</summary>
/// <param name="Account">A handle.</param>
internal sealed record AdminAsk(AdminCall Call, string? Account = null, string? Device = null, Store.AccountStatus? Status = null);

internal enum AdminCall
{
    Accounts,
    Code,
    Revoke,
    Status,
    Compact,
}

/// <summary>What came of it; only what was asked for is there.</summary>
/// <param name="Found">False when there is no such account or device.</param>
/// <param name="Count">How many operations were compacted.</param>
internal sealed record AdminAnswer(
    bool Found = true,
    IReadOnlyList<AccountSummary>? Accounts = null,
    string? Code = null,
    DateTimeOffset? ExpiresAt = null,
    long? Count = null
)
{
    // It may have a code in it.
    public override string ToString() => $"AdminAnswer({Found})";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull
)]
[JsonSerializable(typeof(AdminAsk))]
[JsonSerializable(typeof(AdminAnswer))]
internal sealed partial class AdminJson : JsonSerializerContext;
