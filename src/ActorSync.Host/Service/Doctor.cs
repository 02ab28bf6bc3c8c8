using System.Collections.Immutable;
using System.Runtime.Versioning;
using ActorSync.Host.Commands;
using ActorSync.Host.Control;
using ActorSync.Host.Terminal;
using ActorSync.Platform;
using ActorSync.Status;
using ActorSync.Wire;

namespace ActorSync.Host.Service;

/// <summary>Looks at what an installation stands on. Reads only, but for opening the journal when no host has it.</summary>
internal static class Doctor
{
    private const long LowDisk = 256L << 20;
    private const UnixFileMode Others = (UnixFileMode)0b000_111_111;

    public static async Task<ImmutableArray<Finding>> ExamineAsync(VerbCall call)
    {
        var findings = ImmutableArray.CreateBuilder<Finding>();
        var status = await JournalAsync(call, findings);
        Permissions(call.Folder, findings);
        Disk(call.Folder, findings);
        await HubAsync(call, status, findings);
        return findings.ToImmutable();
    }

    // Opening is the check: lock, schema, settings read back, the file's own structure.
    private static async Task<StatusSnapshot?> JournalAsync(VerbCall call, ImmutableArray<Finding>.Builder findings)
    {
        try
        {
            await using var door = await call.OpenAsync();
            var status = await door.AskAsync(Calls.Status, Empty.Value, call.Stop);
            var text = $"{(door.IsHost ? "open in the running host" : "opens")}; {Plain.Count(status.Queue.Pending)} pending";
            findings.Add(Ok("journal", text));
            if (status.Queue.Dead + status.Queue.Parked > 0)
            {
                findings.Add(
                    new Finding(
                        "queue",
                        "warning",
                        $"{Plain.Count(status.Queue.Dead)} dead letters, {Plain.Count(status.Queue.Parked)} parked",
                        "see 'actorsync dead list', then retry or discard them"
                    )
                );
            }

            findings.Add(
                status.Auth.State == "signed_in"
                    ? Ok("credential", $"signed in as {status.Auth.Account}")
                    : new Finding(
                        "credential",
                        "warning",
                        $"{status.Auth.State}: {status.Auth.Reason ?? "never paired"}",
                        "pair with 'actorsync pair CODE --hub URL'"
                    )
            );
            return status;
        }
        catch (SyncException failure) when (ExitCodes.Of(failure) is ExitCodes.Journal or ExitCodes.Failed)
        {
            findings.Add(new Finding("journal", "fault", $"{failure.Code}: {failure.Message}", failure.Remedy));
            return null;
        }
    }

    private static void Permissions(DataFolder folder, ImmutableArray<Finding>.Builder findings)
    {
        if (OperatingSystem.IsWindows() || !Directory.Exists(folder.Path))
        {
            return;
        }

        var isOpen = IsOpen(folder.Path);
        var files = Directory.EnumerateFiles(folder.Path, "*", SearchOption.AllDirectories).Where(IsOpen).Take(5).ToList();
        if (!isOpen && files.Count == 0)
        {
            findings.Add(Ok("permissions", $"{folder.Path} is its owner's alone"));
            return;
        }

        // A file that is open to others in a folder that is not can be read by nobody else, until it is moved or copied out.
        findings.Add(
            new Finding(
                "permissions",
                isOpen ? "fault" : "warning",
                $"others have rights on {string.Join(", ", isOpen ? [folder.Path] : files)}",
                $"chmod -R go= {folder.Path}"
            )
        );
    }

    [UnsupportedOSPlatform("windows")]
    private static bool IsOpen(string path) => (File.GetUnixFileMode(path) & Others) != UnixFileMode.None;

    private static void Disk(DataFolder folder, ImmutableArray<Finding>.Builder findings)
    {
        var free = new DriveInfo(folder.Path).AvailableFreeSpace;
        findings.Add(
            free >= LowDisk
                ? Ok("disk", $"{Plain.Bytes(free)} free")
                : new Finding("disk", "warning", $"{Plain.Bytes(free)} free", "make room; a full disk refuses new operations")
        );
    }

    private static async Task HubAsync(VerbCall call, StatusSnapshot? status, ImmutableArray<Finding>.Builder findings)
    {
        if (status?.Hub is not { } text || !Uri.TryCreate(text, UriKind.Absolute, out var hub))
        {
            findings.Add(new Finding("hub", "warning", "this profile has no hub", "pair with 'actorsync pair CODE --hub URL'"));
            return;
        }

        var options = HostOptions.Read(call.Folder, call.Profile, online: false);
        using var http = new HubHttp(options.Http, SyncPlatform.Real(call.Io.Time));
        findings.Add(
            HubAnswers.Health(await http.SendAsync(HubCalls.Health(hub), call.Stop)) switch
            {
                HubResult<HubHealth>.Value { Content: var health } => Ok(
                    "hub",
                    $"{hub} answers: {health.Status}, version {health.Version}"
                ),
                HubResult<HubHealth>.Failed { Failure: var f } => new Finding("hub", "fault", $"{hub}: {f.Message}", f.Remedy),
                _ => new Finding("hub", "fault", $"{hub} refuses its probe", "check that the address is a hub's"),
            }
        );
    }

    private static Finding Ok(string check, string text) => new(check, "ok", text, Remedy: null);
}
