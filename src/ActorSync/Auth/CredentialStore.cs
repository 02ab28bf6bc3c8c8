using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSync.Model;
using ActorSync.Platform;
using Microsoft.AspNetCore.DataProtection;

namespace ActorSync.Auth;

/// <summary>Where a profile's credential is kept. Called by its one owner only, on a thread that may block.</summary>
internal interface ICredentialStore
{
    /// <summary><see cref="StoredCredential.Nothing"/> when none was ever stored.</summary>
    /// <exception cref="CredentialUnavailableException">There is one, and it cannot be read.</exception>
    StoredCredential Load();

    /// <summary>On return it is durable; after a failure the old one or the new one is there.</summary>
    /// <exception cref="CredentialUnavailableException">It could not be stored.</exception>
    void Save(StoredCredential credential);
}

/// <summary>The credential cannot be read or stored: damaged, unreadable, of a newer version, or the disk is full. Code <c>credential_unavailable</c>.</summary>
internal sealed class CredentialUnavailableException(string message, string remedy, Exception? inner = null) : Exception(message, inner)
{
    public const string Code = "credential_unavailable";

    public string Remedy { get; } = remedy;

    public bool DiskFull { get; init; }

    /// <summary>The generation that the damaged file states, or 0: what a sign-out has to go beyond.</summary>
    public long KnownGeneration { get; init; }
}

/// <summary>One file <c>credential</c> in the profile's folder: a line with the generation, then JSON encrypted with ASP.NET Core Data Protection.</summary>
/// <remarks>
/// The key ring is <c>keys/*.xml</c> beside it, 0600 in a folder of 0700. On Windows the keys are protected by DPAPI; Linux and macOS have nothing
/// that encrypts a key ring at rest without a secret from outside, so there the file modes are the protection, and a copy of the whole folder can be read by who has it.
/// The line in the clear lets a sign-out go beyond the generation of a file that cannot be decrypted any more; it must agree with what is inside.
/// A file that cannot be read is left as it is.
/// </remarks>
internal sealed class CredentialStore(string folder) : ICredentialStore, IDisposable
{
    public const string FileName = "credential";
    public const string KeysFolder = "keys";
    private const string Magic = "actorsync-credential 1 ";
    private const string MagicOfAnyVersion = "actorsync-credential ";
    private const int MaxBytes = 1 << 20;
    private const int LongestHeader = 64;
    private readonly string _path = Path.Combine(folder, FileName);

    // Making one costs some tens of milliseconds, so a start without a credential does without.
    private CredentialProtection? _protection;

    public StoredCredential Load()
    {
        var content = ReadFile();
        if (content is null)
        {
            return StoredCredential.Nothing;
        }

        var (generation, body) = ReadHeader(content);
        try
        {
            var json = Protector(mayMakeKeys: false).Unprotect(content[body..]);
            var credential = CredentialJson.Read(json);
            CryptographicOperations.ZeroMemory(json);
            return credential.Generation == generation ? credential : throw new JsonException("its two generations differ");
        }
        catch (Exception failure) when (failure is CryptographicException or JsonException or SecretFileException)
        {
            // Whatever was cached must not outlive a repair of the key ring.
            Dispose();
            throw Damaged("it cannot be decrypted with the keys beside it", generation.Value, failure);
        }
    }

    public void Save(StoredCredential credential)
    {
        try
        {
            SecretFile.EnsureFolder(folder);
            var json = CredentialJson.Write(credential);
            var content = new ArrayBufferWriter<byte>();
            content.Write(Encoding.ASCII.GetBytes($"{Magic}{credential.Generation.Value.ToString(CultureInfo.InvariantCulture)}\n"));
            content.Write(Protector(mayMakeKeys: true).Protect(json));
            CryptographicOperations.ZeroMemory(json);
            SecretFile.Write(_path, content.WrittenMemory);
        }
        catch (Exception failure) when (failure is CryptographicException or SecretFileException)
        {
            Dispose();
            var full = Find(failure) is { Reason: SecretFileReason.DiskFull };
            throw new CredentialUnavailableException(
                $"the credential cannot be stored: {(Find(failure) ?? failure).Message}",
                full
                    ? "make room on the disk and try again"
                    : "let the folder and its files belong to this user and be writable, and try again",
                failure
            )
            {
                DiskFull = full,
            };
        }
    }

    public void Dispose()
    {
        _protection?.Dispose();
        _protection = null;
    }

    private byte[]? ReadFile()
    {
        try
        {
            return SecretFile.Read(_path, MaxBytes);
        }
        catch (SecretFileException failure)
        {
            throw new CredentialUnavailableException(
                $"the credential cannot be read: {failure.Message}",
                "let the file belong to this user and be an ordinary file",
                failure
            );
        }
    }

    private (CredentialGeneration Generation, int Body) ReadHeader(byte[] content)
    {
        var end = content.AsSpan(0, Math.Min(content.Length, LongestHeader)).IndexOf((byte)'\n');
        var header = end < 0 ? "" : Encoding.ASCII.GetString(content, 0, end);
        if (
            header.StartsWith(Magic, StringComparison.Ordinal)
            && long.TryParse(header.AsSpan(Magic.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var generation)
        )
        {
            return (new CredentialGeneration(generation), end + 1);
        }

        throw header.StartsWith(MagicOfAnyVersion, StringComparison.Ordinal) && !header.StartsWith(Magic, StringComparison.Ordinal)
            ? new CredentialUnavailableException($"{_path}: a newer version wrote it", "run that version, or sign out and pair again")
            : Damaged("it does not begin as a credential does", 0, null);
    }

    private IDataProtector Protector(bool mayMakeKeys)
    {
        if (_protection is null || (mayMakeKeys && !_protection.MayMakeKeys))
        {
            Dispose();
            _protection = new CredentialProtection(Path.Combine(folder, KeysFolder), mayMakeKeys);
        }

        return _protection.Protector;
    }

    private CredentialUnavailableException Damaged(string what, long generation, Exception? inner) =>
        new(
            $"{_path}: {what}{(Find(inner) is { } file ? $" ({file.Message})" : "")}",
            $"put '{FileName}' and '{KeysFolder}' back from one backup, or sign out and pair again",
            inner
        )
        {
            KnownGeneration = generation,
        };

    // Data Protection wraps what its key ring throws.
    private static SecretFileException? Find(Exception? failure)
    {
        while (failure is not (null or SecretFileException))
        {
            failure = failure.InnerException;
        }

        return (SecretFileException?)failure;
    }
}
