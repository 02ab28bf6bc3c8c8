using ActorSync.Diagnostics;

namespace ActorSync.Host;

/// <summary>What the process tells its caller. They only grow.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>Wrong usage or a wrong setting; the message names the flag or key.</summary>
    public const int Usage = 2;

    /// <summary>Not signed in, or paused.</summary>
    public const int NotSignedIn = 3;
    public const int HubUnreachable = 4;

    /// <summary>The journal is corrupt, newer than this program, or held by another process.</summary>
    public const int Journal = 5;

    /// <summary>Finished, but some operations were refused.</summary>
    public const int SomeRefused = 6;
    public const int Interrupted = 130;

    public static int Of(SyncException failure) =>
        failure switch
        {
            InvalidSettingException => Usage,
            JournalOpenException { Code: "journal_path" } => Usage,
            _ => OfCode(failure.Code),
        };

    // By code, so that a failure means the same whether it happened here or came over the control socket.
    public static int OfCode(string code) =>
        code switch
        {
            "usage"
            or "invalid_setting"
            or "invalid_operation"
            or "journal_path"
            or "unknown_profile"
            or "hub_path"
            or "hub_address"
            or "hub_setting" => Usage,
            "hub_locked" or "hub_newer" or "hub_misconfigured" or "hub_corrupt" => Journal,
            "journal_corrupt" or "journal_newer" or "journal_locked" or "journal_misconfigured" => Journal,
            "not_signed_in" or "paused" or "credential_unavailable" => NotSignedIn,
            "interrupted" => Interrupted,
            "hub_unreachable" => HubUnreachable,
            _ when IsOnTheWay(code) => HubUnreachable,
            _ => Failed,
        };

    // What stands between us and the hub, by the codes of the failures that the wire names.
    private static bool IsOnTheWay(string code) =>
        Diagnostics.Failures.Codes.Contains(code, StringComparer.Ordinal)
        && Diagnostics.Failures.Make(code).Class
            is ErrorClass.TransientNetwork
                or ErrorClass.TlsHandshake
                or ErrorClass.TlsTrust
                or ErrorClass.CaptivePortal
                or ErrorClass.Proxy;

    /// <summary>What came of pushing the hangar's snapshot.</summary>
    public static int OfHangar(HangarOutcome outcome) =>
        outcome switch
        {
            { Outcome: HangarOutcome.Pushed } or { Reason: "unchanged" } => Done,
            { Outcome: HangarOutcome.Failed, Reason: { } code } => OfCode(code),
            { Reason: "no_source" } => Usage,
            { Reason: "local" or "no_server" or "not_signed_in" or "paused" } => NotSignedIn,
            { Reason: "offline" } => HubUnreachable,
            _ => Failed,
        };

    /// <summary>Why a pass ended early, as an exit code: <see cref="DrainReport.Stopped"/>.</summary>
    public static int OfStoppedPass(string stopped) =>
        stopped.Split(':', 2)[0] switch
        {
            "Local" or "NoServer" or "NoCredential" or "Paused" => NotSignedIn,
            "Offline" or "Backoff" => HubUnreachable,
            _ => Failed,
        };
}
