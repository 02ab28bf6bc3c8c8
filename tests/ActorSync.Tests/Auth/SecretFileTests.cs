using System.Diagnostics;
using System.Runtime.Versioning;
using System.Text;
using ActorSync.Platform;
using Shouldly;
using Xunit;

namespace ActorSync.Tests.Auth;

[Trait("criterion", "A16")]
public sealed class SecretFileTests : IDisposable
{
    private const UnixFileMode Wide = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private static readonly byte[] Content = Encoding.UTF8.GetBytes("a secret");
    private readonly TempFolder _temp = new();

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void What_is_written_is_read_again()
    {
        SecretFile.Write(_temp["s"], Content);
        SecretFile.Read(_temp["s"], 100).ShouldBe(Content);
        SecretFile.Write(_temp["s"], Array.Empty<byte>());
        SecretFile.Read(_temp["s"], 100).ShouldBe([]);
    }

    [Fact]
    public void A_file_that_is_not_there_is_null_and_is_not_made()
    {
        SecretFile.Read(_temp["s"], 100).ShouldBeNull();
        SecretFile.Read(_temp["no/such/folder/s"], 100).ShouldBeNull();
        Directory.GetFileSystemEntries(_temp.Root).ShouldBeEmpty();
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_new_file_is_0600_and_a_new_folder_0700()
    {
        SecretFile.EnsureFolder(_temp["a/b"]);
        SecretFile.Write(_temp["a/b/s"], Content);
        Mode(_temp["a"]).ShouldBe(SecretFile.FolderMode);
        Mode(_temp["a/b"]).ShouldBe(SecretFile.FolderMode);
        Mode(_temp["a/b/s"]).ShouldBe(SecretFile.FileMode);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void The_rights_of_others_are_taken_away_from_a_restored_file_and_folder()
    {
        Directory.CreateDirectory(_temp["wide"]);
        File.SetUnixFileMode(_temp["wide"], SecretFile.FolderMode | UnixFileMode.OtherExecute | UnixFileMode.OtherRead);
        File.WriteAllBytes(_temp["wide/s"], Content);
        File.SetUnixFileMode(_temp["wide/s"], Wide);

        SecretFile.EnsureFolder(_temp["wide"]);
        SecretFile.Read(_temp["wide/s"], 100).ShouldBe(Content);

        Mode(_temp["wide"]).ShouldBe(SecretFile.FolderMode);
        Mode(_temp["wide/s"]).ShouldBe(SecretFile.FileMode);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_write_over_a_wide_file_is_0600()
    {
        File.WriteAllBytes(_temp["s"], Content);
        File.SetUnixFileMode(_temp["s"], Wide);
        SecretFile.Write(_temp["s"], Content);
        Mode(_temp["s"]).ShouldBe(SecretFile.FileMode);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_symbolic_link_is_neither_read_nor_written_through()
    {
        File.WriteAllBytes(_temp["target"], Content);
        File.CreateSymbolicLink(_temp["link"], _temp["target"]);

        Reason(() => SecretFile.Read(_temp["link"], 100)).ShouldBe(SecretFileReason.SymbolicLink);
        Reason(() => SecretFile.Write(_temp["link"], new byte[3])).ShouldBe(SecretFileReason.SymbolicLink);

        File.ReadAllBytes(_temp["target"]).ShouldBe(Content);
        new FileInfo(_temp["link"]).LinkTarget.ShouldNotBeNull();
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_dangling_link_is_not_taken_for_no_file()
    {
        File.CreateSymbolicLink(_temp["link"], _temp["nothing"]);
        Reason(() => SecretFile.Read(_temp["link"], 100)).ShouldBe(SecretFileReason.SymbolicLink);
        Reason(() => SecretFile.Write(_temp["link"], Content)).ShouldBe(SecretFileReason.SymbolicLink);
        File.Exists(_temp["nothing"]).ShouldBeFalse();
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_folder_that_is_a_link_is_refused()
    {
        Directory.CreateDirectory(_temp["real"]);
        Directory.CreateSymbolicLink(_temp["link"], _temp["real"]);
        Reason(() => SecretFile.EnsureFolder(_temp["link"])).ShouldBe(SecretFileReason.SymbolicLink);
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_link_planted_as_the_temporary_is_not_followed()
    {
        File.WriteAllBytes(_temp["target"], Content);
        File.CreateSymbolicLink(_temp["s.tmp"], _temp["target"]);
        SecretFile.Write(_temp["s"], "new"u8.ToArray());
        File.ReadAllBytes(_temp["target"]).ShouldBe(Content);
        SecretFile.Read(_temp["s"], 100).ShouldBe("new"u8.ToArray());
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_pipe_is_refused_and_does_not_block()
    {
        using var make = Process.Start("mkfifo", [_temp["pipe"]]);
        make.WaitForExit();
        Reason(() => SecretFile.Read(_temp["pipe"], 100)).ShouldBe(SecretFileReason.Unusable);
    }

    [Fact]
    public void A_folder_in_the_files_place_is_a_typed_failure()
    {
        Directory.CreateDirectory(_temp["s"]);
        Should.Throw<SecretFileException>(() => SecretFile.Read(_temp["s"], 100)).Message.ShouldContain(_temp["s"]);
        Should.Throw<SecretFileException>(() => SecretFile.Write(_temp["s"], Content));
    }

    [Fact]
    public void A_file_in_the_folders_place_is_a_typed_failure()
    {
        File.WriteAllBytes(_temp["f"], Content);
        Should.Throw<SecretFileException>(() => SecretFile.EnsureFolder(_temp["f"]));
    }

    [Fact]
    public void A_file_longer_than_allowed_is_not_read()
    {
        SecretFile.Write(_temp["s"], new byte[101]);
        Reason(() => SecretFile.Read(_temp["s"], 100)).ShouldBe(SecretFileReason.Unusable);
    }

    [Fact]
    public void What_a_kill_left_behind_does_not_hinder_the_next_write()
    {
        File.WriteAllBytes(_temp["s.tmp"], new byte[1000]);
        SecretFile.Write(_temp["s"], Content);
        SecretFile.Read(_temp["s"], 100).ShouldBe(Content);
        File.Exists(_temp["s.tmp"]).ShouldBeFalse();
    }

    [UnixFact]
    [UnsupportedOSPlatform("windows")]
    public void A_full_disk_is_named()
    {
        // The one device that is always full; a write to it fails as on a full disk.
        var failure = Record.Exception(() =>
        {
            using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
            full.Write(Content);
        });
        SecretFile.ReasonOf(failure.ShouldNotBeNull()).ShouldBe(SecretFileReason.DiskFull);
    }

    [UnsupportedOSPlatform("windows")]
    private static UnixFileMode Mode(string path) => File.GetUnixFileMode(path);

    private static SecretFileReason Reason(Action action) => Should.Throw<SecretFileException>(action).Reason;
}

/// <summary>Runs where files have modes.</summary>
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "files have no modes on Windows" : null;
}
