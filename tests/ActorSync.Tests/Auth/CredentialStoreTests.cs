using System.Runtime.Versioning;
using System.Text;
using System.Xml.Linq;
using ActorSync.Auth;
using ActorSync.Model;
using ActorSync.Platform;
using ActorSync.TestKit;
using ActorSync.Wire;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Auth;

public sealed class CredentialStoreTests : IDisposable
{
    private static readonly Canary Access = Canary.Plant("access");
    private static readonly Canary Refresh = Canary.Plant("refresh");
    private static readonly Canary Nonce = Canary.Plant("nonce");

    private static readonly StoredCredential Full = new()
    {
        Generation = new CredentialGeneration(7),
        Hub = new Uri("https://hub.example.com/base"),
        Account = "acc",
        Handle = "me@example.com",
        Device = new DeviceId("device-1"),
        Origin = CredentialOrigin.Refreshed,
        Access = new AccessToken(Access.Secret),
        Refresh = new RefreshToken(Refresh.Secret),
        ObtainedAt = new DateTimeOffset(2031, 2, 3, 4, 5, 6, TimeSpan.Zero),
        ExpiresAt = new DateTimeOffset(2031, 2, 3, 4, 20, 6, TimeSpan.Zero),
        RefreshSentAt = new DateTimeOffset(2031, 2, 3, 4, 15, 6, TimeSpan.Zero),
        RefreshRefused = "invalid_grant",
        Pairing = new PendingPairing("00ff", Nonce.Secret),
    };

    private readonly TempFolder _temp = new();

    private string Profile => _temp["data/default"];

    private string CredentialFile => Path.Combine(Profile, CredentialStore.FileName);

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void Everything_that_is_stored_is_read_again_by_another_process()
    {
        Save(Full);
        Load().ShouldBe(Full);
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void The_key_of_a_credential_outlives_the_device()
    {
        Save(Full);

        // A ring whose only key is past its end cannot be read: a device that was off that long would lose its pairing.
        var keys = Directory.GetFiles(Profile, "*.xml", SearchOption.AllDirectories).Select(XDocument.Load).ToList();
        keys.ShouldNotBeEmpty();
        keys.ShouldAllBe(key => (DateTimeOffset)key.Root!.Element("expirationDate")! > DateTimeOffset.UtcNow.AddYears(50));
    }

    [Fact]
    public void A_start_without_a_credential_makes_no_file_no_folder_and_no_keys()
    {
        Load().ShouldBe(StoredCredential.Nothing);
        Directory.Exists(_temp["data"]).ShouldBeFalse();
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    [Trait("criterion", "A16")]
    public void Files_are_0600_folders_0700_and_hold_no_secret_in_the_clear()
    {
        Save(Full);
        Save(Full with { Generation = new CredentialGeneration(8) });

        var files = Directory.GetFiles(Profile, "*", SearchOption.AllDirectories);
        files.Length.ShouldBe(2);
        files.ShouldAllBe(file => File.GetUnixFileMode(file) == SecretFile.FileMode);
        File.GetUnixFileMode(Profile).ShouldBe(SecretFile.FolderMode);
        File.GetUnixFileMode(Path.Combine(Profile, CredentialStore.KeysFolder)).ShouldBe(SecretFile.FolderMode);
        foreach (var secret in new[] { Access, Refresh, Nonce })
        {
            secret.ShouldBeAbsentFromFolder(_temp.Root);
            secret.ShouldBeAbsentFrom(Full.ToString(), "ToString of the credential");
            secret.ShouldBeAbsentFrom(Full.Pairing!.ToString(), "ToString of the pairing");
        }
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_flip_of_any_byte_is_found_and_the_file_left_as_it_is()
    {
        Save(Full);
        var whole = File.ReadAllBytes(CredentialFile);
        for (var at = 0; at < whole.Length; at++)
        {
            var damaged = (byte[])whole.Clone();
            damaged[at] ^= 0x01;
            File.WriteAllBytes(CredentialFile, damaged);

            var failure = Should.Throw<CredentialUnavailableException>(() => Load(), $"byte {at} of {whole.Length}");

            failure.Message.ShouldContain(CredentialFile);
            failure.Remedy.ShouldNotBeEmpty();
            File.ReadAllBytes(CredentialFile).ShouldBe(damaged);
        }
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_file_cut_at_any_length_is_found()
    {
        Save(Full);
        var whole = File.ReadAllBytes(CredentialFile);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(CredentialFile, whole[..length]);
            Should.Throw<CredentialUnavailableException>(() => Load(), $"{length} of {whole.Length} bytes");
        }
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void Lost_keys_make_it_unavailable_until_they_are_put_back()
    {
        Save(Full);
        var keys = Path.Combine(Profile, CredentialStore.KeysFolder);
        using var store = new CredentialStore(Profile);
        Directory.Move(keys, _temp["aside"]);

        var failure = Should.Throw<CredentialUnavailableException>(() => store.Load());
        failure.KnownGeneration.ShouldBe(7);
        failure.Remedy.ShouldContain("sign out and pair again");
        Directory.Exists(keys).ShouldBeFalse();

        Directory.Move(_temp["aside"], keys);
        store.Load().ShouldBe(Full);
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_damaged_key_is_named()
    {
        Save(Full);
        var key = Directory.GetFiles(Path.Combine(Profile, CredentialStore.KeysFolder)).ShouldHaveSingleItem();
        File.WriteAllText(key, "<key");
        Should.Throw<CredentialUnavailableException>(() => Load());
        File.ReadAllText(key).ShouldBe("<key");
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void The_generation_in_the_clear_must_be_the_one_inside()
    {
        Save(Full);
        var file = File.ReadAllBytes(CredentialFile);
        file[Encoding.ASCII.GetString(file).IndexOf('7', StringComparison.Ordinal)] = (byte)'9';
        File.WriteAllBytes(CredentialFile, file);
        Should.Throw<CredentialUnavailableException>(() => Load());
    }

    [Fact]
    public void A_file_of_a_newer_version_is_said_to_be_one()
    {
        SecretFile.EnsureFolder(Profile);
        File.WriteAllText(CredentialFile, "actorsync-credential 2 17\nwhatever");
        Should.Throw<CredentialUnavailableException>(() => Load()).Message.ShouldContain("newer version");
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    [Trait("criterion", "A17")]
    public void A_link_in_the_files_place_is_not_followed()
    {
        Save(Full);
        File.Move(CredentialFile, _temp["elsewhere"]);
        File.CreateSymbolicLink(CredentialFile, _temp["elsewhere"]);
        Should.Throw<CredentialUnavailableException>(() => Load()).Message.ShouldContain("symbolic link");
        Should.Throw<CredentialUnavailableException>(() => Save(Full)).Message.ShouldContain("symbolic link");
    }

    [Fact]
    [Trait("criterion", "A17")]
    public void A_store_that_cannot_be_written_says_so_and_keeps_the_old_one()
    {
        Save(Full);
        Directory.CreateDirectory(CredentialFile + ".tmp");

        var failure = Should.Throw<CredentialUnavailableException>(() => Save(Full with { Generation = new CredentialGeneration(8) }));

        failure.Message.ShouldContain(Profile);
        failure.Remedy.ShouldNotBeEmpty();
        Directory.Delete(CredentialFile + ".tmp");
        Load().ShouldBe(Full);
    }

    [Fact]
    public void A_member_that_a_later_version_adds_is_ignored()
    {
        var json = Encoding.UTF8.GetString(CredentialJson.Write(Full));
        CredentialJson.Read(Encoding.UTF8.GetBytes(json[..^1] + ",\"later\":{\"a\":[1]}}")).ShouldBe(Full);
    }

    [Fact]
    public void The_stored_members_only_grow()
    {
        // What the first version wrote must be read for ever.
        var first = """
            {"generation":3,"hub":"https://h.example/","account":"a","handle":"b","device_id":"d","origin":"Paired","access_token":"x.y.z",
             "refresh_token":"r","obtained_at":"2030-01-01T00:00:00+00:00","expires_at":"2030-01-01T00:15:00+00:00",
             "refresh_sent_at":"2030-01-01T00:10:00+00:00","refresh_refused":"invalid_grant","pairing_digest":"00","pairing_nonce":"n"}
            """;
        var start = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        CredentialJson
            .Read(Encoding.UTF8.GetBytes(first))
            .ShouldBe(
                new StoredCredential
                {
                    Generation = new CredentialGeneration(3),
                    Hub = new Uri("https://h.example/"),
                    Account = "a",
                    Handle = "b",
                    Device = new DeviceId("d"),
                    Origin = CredentialOrigin.Paired,
                    Access = new AccessToken("x.y.z"),
                    Refresh = new RefreshToken("r"),
                    ObtainedAt = start,
                    ExpiresAt = start.AddMinutes(15),
                    RefreshSentAt = start.AddMinutes(10),
                    RefreshRefused = "invalid_grant",
                    Pairing = new PendingPairing("00", "n"),
                }
            );
    }

    private StoredCredential Load()
    {
        using var store = new CredentialStore(Profile);
        return store.Load();
    }

    private void Save(StoredCredential credential)
    {
        using var store = new CredentialStore(Profile);
        store.Save(credential);
    }
}
