namespace ActorSync.Host;

/// <summary>The failures that the command line itself can meet, with the same three parts as the runtime's.</summary>
internal static class Failures
{
    public static SyncException Usage(string flag, string message, string? remedy = null) =>
        new("usage", $"{flag}: {message}", remedy ?? "see 'actorsync VERB --help'");

    public static SyncException FolderInUse(string folder, string holder) =>
        new(
            "journal_locked",
            $"{folder} is in use by {holder}",
            "stop that process, give another folder with --data, or use the verbs that talk to the running host"
        );

    public static SyncException HostGone(Exception inner) =>
        new(
            "host_gone",
            $"the running host went away: {inner.Message}",
            "run the command again; nothing that was confirmed is lost",
            inner
        );

    public static SyncException NoSuchOperation(string id, string where) =>
        new("unknown_operation", $"there is no operation {id} {where}", "see 'actorsync explain ID' for where it is");

    public static SyncException UnknownProfile(string name) =>
        new(
            "unknown_profile",
            $"--profile: the running host has no profile named '{name}'",
            "see 'actorsync profile list'; make it with 'actorsync profile create NAME'"
        );

    public static SyncException NoSuchProfile(string name) =>
        new("unknown_profile", $"NAME: there is no profile '{name}'", "see 'actorsync profile list'");

    public static SyncException NoHost(string folder) =>
        new("no_host", $"no host is running in {folder}", "start one with 'actorsync run', or name the folder with --data");
}
