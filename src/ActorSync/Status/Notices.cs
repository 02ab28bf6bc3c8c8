using ActorSync.Sync;

namespace ActorSync.Status;

/// <summary>What a tray icon or a banner would show for a state, in one table. The codes are a closed list.</summary>
internal static class Notices
{
    private const string Pair = "actorsync pair CODE --hub URL";
    private const string Doctor = "actorsync doctor";

    private static readonly Dictionary<string, (string Text, string Action, string? Command)> Table = new(StringComparer.Ordinal)
    {
        ["local_mode"] = ("Sync is off. Changes are kept on this device.", "turn_on", "actorsync mode hybrid"),
        ["no_server"] = ("No server is set. Changes are kept on this device.", "pair", Pair),
        ["signed_out"] = ("You are signed out. Changes are kept and sent after the next sign-in.", "pair", Pair),
        ["offline"] = ("This process works without the network. Changes are kept on this device.", "none", null),
        ["token_expired"] = ("Your sign-in has expired. Changes are kept until you pair this device again.", "pair", Pair),
        ["token_revoked"] = ("This device was signed out at the server. Changes are kept until you pair it again.", "pair", Pair),
        ["token_invalid"] = ("The server does not know this device any more. Changes are kept until you pair it again.", "pair", Pair),
        ["device_mismatch"] = ("The server knows this sign-in as another device's. Pair this device again.", "pair", Pair),
        ["sync_disabled"] = (
            "Sync is switched off for your account. It goes on by itself when it is switched on.",
            "open_account_page",
            null
        ),
        ["account_restricted"] = ("Your account is restricted. Sync goes on by itself when that ends.", "open_account_page", null),
        ["credential_unavailable"] = ("The stored sign-in cannot be read. Nothing is lost; it is tried again.", "run_doctor", Doctor),
        ["account_changed"] = (
            "Changes of another account wait on this device. Send them with this account, or drop them?",
            "choose",
            "actorsync queue adopt"
        ),
        ["journal_unavailable"] = ("Changes cannot be stored just now.", "run_doctor", Doctor),
        ["needs_attention"] = ("The server refused some changes. Retry or discard them.", "show_dead_letters", "actorsync dead list"),
        ["not_sent"] = ("Changes cannot be sent just now. They are kept, and it is tried again.", "show_status", "actorsync status"),
        ["not_confirmed"] = ("The server has not confirmed the latest changes for a while.", "show_status", "actorsync status"),
    };

    public static IEnumerable<string> Codes => Table.Keys;

    /// <summary>Null when there is nothing to show: all is well, or nothing was tried yet.</summary>
    public static NoticeView? Of(StatusModel model, string health) => CodeOf(model, health) is { } code ? Make(code) : null;

    private static string? CodeOf(StatusModel model, string health) =>
        health switch
        {
            "OFF" => (model.Sync?.Gate as Gate.Closed)?.Reason switch
            {
                GateReason.NoServer => "no_server",
                GateReason.NoCredential => "signed_out",
                GateReason.Offline => "offline",
                _ => "local_mode",
            },
            // token_missing, and what a later hub may say, is for people the same as a token that it does not know.
            "PAUSED" => (model.Sync?.Paused?.Code ?? model.Sync?.Lost?.Code) is { } code && Table.ContainsKey(code)
                ? code
                : "token_invalid",
            "ERR" => model.JournalError is not null ? "journal_unavailable"
            : model.Counts is { Dead: > 0 } or { Parked: > 0 } ? "needs_attention"
            : "not_sent",
            "STALE" => "not_confirmed",
            _ => null,
        };

    private static NoticeView Make(string code)
    {
        var (text, action, command) = Table[code];
        return new NoticeView(code, text, action, command);
    }
}
