using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ActorSync.Model;

namespace ActorSync.Hangar;

/// <summary>What is kept in the journal of the last snapshot that the hub took.</summary>
/// <param name="Digest">Of its items and of where they went: another hub, account or device has not seen them.</param>
/// <param name="SucceededAt">When the hub took it.</param>
internal sealed record HangarMemory(string? Digest, DateTimeOffset? SucceededAt)
{
    private const string DigestKey = "hangar.digest";
    private const string SucceededKey = "hangar.succeeded-at";

    /// <summary>They stand among the profile's settings and are none: nobody sets them.</summary>
    public static readonly ImmutableArray<string> Keys = [DigestKey, SucceededKey];

    public static readonly HangarMemory None = new(null, null);

    public static HangarMemory Read(ImmutableSortedDictionary<string, string> settings) =>
        new(
            settings.GetValueOrDefault(DigestKey),
            DateTimeOffset.TryParse(
                settings.GetValueOrDefault(SucceededKey),
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var at
            )
                ? at
                : null
        );

    public ImmutableSortedDictionary<string, string?> Patch() =>
        ImmutableSortedDictionary
            .Create<string, string?>(StringComparer.Ordinal)
            .Add(DigestKey, Digest)
            .Add(SucceededKey, SucceededAt?.ToString("O", CultureInfo.InvariantCulture));

    /// <param name="items">The items' digest.</param>
    public static string DigestOf(string items, Uri hub, string? account, DeviceId device) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{items}\n{hub.AbsoluteUri}\n{account}\n{device.Value}")));
}
