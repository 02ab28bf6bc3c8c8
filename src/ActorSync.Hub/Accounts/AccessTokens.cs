using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSync.Platform;

namespace ActorSync.Hub.Accounts;

/// <summary>Access tokens: JWT, HS256 and nothing else, signed with the key in the hub's own folder.</summary>
internal sealed class AccessTokens(byte[] key)
{
    private const int KeyBytes = 32;

    // The one header that is issued and the one that is read: no other algorithm can be asked for.
    private static readonly string Header = Base64Url.EncodeToString("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"u8);

    /// <summary>The hub's key, made on first use, 0600.</summary>
    public static byte[] LoadKey(string directory, IChance chance)
    {
        var path = Path.Combine(directory, "hub.key");
        if (!File.Exists(path))
        {
            var made = new byte[KeyBytes];
            chance.Fill(made);
            SecretFile.Write(path, made);
        }

        var key = File.ReadAllBytes(path);
        return key.Length == KeyBytes
            ? key
            : throw new HubException(
                "hub_corrupt",
                $"'{path}' is {key.Length} bytes, not {KeyBytes}",
                "restore it from a backup; without it every device has to pair again"
            );
    }

    public string Issue(TokenClaims claims)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("iss"u8, "actorsync-hub"u8);
            json.WriteString("sub"u8, claims.Account);
            json.WriteString("dev"u8, claims.Device);
            json.WriteNumber("fam"u8, claims.Family);
            json.WriteNumber("iat"u8, claims.IssuedAt.ToUnixTimeSeconds());
            json.WriteNumber("exp"u8, claims.ExpiresAt.ToUnixTimeSeconds());
            json.WriteEndObject();
        }

        var signed = $"{Header}.{Base64Url.EncodeToString(buffer.ToArray())}";
        return $"{signed}.{Base64Url.EncodeToString(Sign(signed))}";
    }

    /// <summary>Null when the token is not one that this hub has signed. Its time is not looked at.</summary>
    public TokenClaims? Read(string token)
    {
        var end = token.LastIndexOf('.');
        if (end <= Header.Length || !token.StartsWith(Header, StringComparison.Ordinal) || token[Header.Length] != '.')
        {
            return null;
        }

        var signed = token[..end];
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (
            Base64Url.DecodeFromChars(token.AsSpan(end + 1), signature, out _, out var length) != OperationStatus.Done
            || length != signature.Length
            || !CryptographicOperations.FixedTimeEquals(signature, Sign(signed))
        )
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(Base64Url.DecodeFromChars(signed.AsSpan(Header.Length + 1)));
            var root = json.RootElement;
            return new TokenClaims(
                root.GetProperty("sub"u8).GetString()!,
                root.GetProperty("dev"u8).GetString()!,
                root.GetProperty("fam"u8).GetInt64(),
                DateTimeOffset.FromUnixTimeSeconds(root.GetProperty("iat"u8).GetInt64()),
                DateTimeOffset.FromUnixTimeSeconds(root.GetProperty("exp"u8).GetInt64())
            );
        }
        catch (Exception e) when (e is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // Signed by us and yet not readable: another version's.
            return null;
        }
    }

    /// <summary>A secret of its own for a purpose, the same for the same text.</summary>
    public byte[] Derive(string purpose, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{purpose}\0{text}"));

    private byte[] Sign(string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text));
}

/// <summary>Who a token speaks for.</summary>
/// <param name="Account">The account's id.</param>
/// <param name="Family">The credential it was issued under; revoking that ends it.</param>
internal sealed record TokenClaims(string Account, string Device, long Family, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt);
