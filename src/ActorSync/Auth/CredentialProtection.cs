using System.Collections.Immutable;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using ActorSync.Platform;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.DependencyInjection;

namespace ActorSync.Auth;

/// <summary>Data Protection over a key ring of secret files.</summary>
internal sealed class CredentialProtection : IDisposable
{
    // Part of what a file is encrypted with: changing either makes every stored credential unreadable.
    private const string Application = "ActorSync";
    private const string Purpose = "ActorSync.Auth.Credential.v1";
    private static readonly TimeSpan KeyLife = TimeSpan.FromDays(365 * 100);
    private readonly ServiceProvider _services;

    /// <param name="mayMakeKeys">False for reading: nothing is written, and a key ring that is gone is not started anew.</param>
    public CredentialProtection(string keysFolder, bool mayMakeKeys)
    {
        MayMakeKeys = mayMakeKeys;
        var services = new ServiceCollection();
        // A key is rotated by no calendar: a device that was off for longer than its key's life would lose its pairing.
        var builder = services.AddDataProtection().SetApplicationName(Application).SetDefaultKeyLifetime(KeyLife);
        if (OperatingSystem.IsWindows())
        {
            ProtectWithDpapi(builder);
        }

        services.Configure<KeyManagementOptions>(options =>
        {
            options.XmlRepository = new KeyRing(keysFolder);
            options.AutoGenerateKeys = mayMakeKeys;
        });
        _services = services.BuildServiceProvider();
        Protector = _services.GetRequiredService<IDataProtectionProvider>().CreateProtector(Purpose);
    }

    public IDataProtector Protector { get; }

    public bool MayMakeKeys { get; }

    public void Dispose() => _services.Dispose();

    [SupportedOSPlatform("windows")]
    private static void ProtectWithDpapi(IDataProtectionBuilder builder) => builder.ProtectKeysWithDpapi();

    /// <summary>Each key one XML file, written as secrets are. The framework's own repository leaves mode and durability to chance.</summary>
    private sealed class KeyRing(string folder) : IXmlRepository
    {
        private const int MaxBytes = 1 << 20;

        public IReadOnlyCollection<XElement> GetAllElements() =>
            Directory.Exists(folder)
                ? [.. Directory.EnumerateFiles(folder, "*.xml").Order(StringComparer.Ordinal).Select(Read).OfType<XElement>()]
                : ImmutableArray<XElement>.Empty;

        public void StoreElement(XElement element, string friendlyName)
        {
            SecretFile.EnsureFolder(folder);
            SecretFile.Write(Path.Combine(folder, $"{friendlyName}.xml"), Encoding.UTF8.GetBytes(element.ToString()));
        }

        private static XElement? Read(string path)
        {
            if (SecretFile.Read(path, MaxBytes) is not { } content)
            {
                return null;
            }

            try
            {
                using var stream = new MemoryStream(content, writable: false);
                return XElement.Load(stream);
            }
            catch (XmlException failure)
            {
                throw new CryptographicException($"{path} is damaged", failure);
            }
        }
    }
}
