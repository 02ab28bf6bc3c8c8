using System.Collections.Frozen;
using ActorSync.Wire;
using static ActorSync.Diagnostics.ErrorClass;

namespace ActorSync.Diagnostics;

/// <summary>Every failure that we name: its code, its class, what it says and what can be done. One code has one class.</summary>
/// <remarks>Beside these there are <c>http_NNN</c> (made by <see cref="AnswerClassifier"/>) and the hub's own codes of 401 and 403.</remarks>
internal static class Failures
{
    private const string ByItself = "nothing: it is tried again by itself";
    private const string CheckAddress = "check the hub's address, and that this version speaks the hub's protocol";
    private const string CheckTls = "check the hub's certificate, and the certificates that this machine trusts";

    private static readonly FrozenDictionary<string, Entry> Entries = Table();

    private readonly record struct Entry(ErrorClass Class, string Message, string Remedy);

    public static IReadOnlyCollection<string> Codes => Entries.Keys;

    /// <param name="code">One of <see cref="Codes"/>.</param>
    /// <param name="detail">Appended to the message, cleaned; empty for none.</param>
    public static HubFailure Make(string code, string? detail = null, TimeSpan? retryAfter = null)
    {
        var entry = Entries[code];
        var clean = RemoteText.Clean(detail);
        return new HubFailure(entry.Class, code, clean.Length == 0 ? entry.Message : $"{entry.Message}: {clean}", entry.Remedy, retryAfter);
    }

    private static FrozenDictionary<string, Entry> Table()
    {
        var table = new Dictionary<string, Entry>(StringComparer.Ordinal);
        void Add(ErrorClass kind, string code, string message, string remedy) => table.Add(code, new Entry(kind, message, remedy));

        Add(Cancelled, "cancelled", "the caller gave up", "nothing");
        Add(Unknown, "unknown", "an error that we do not know", "report it with its text; it is tried again by itself");

        Add(TransientNetwork, "dns", "the hub's name could not be resolved", "check the network and the hub's address; it is tried again");
        Add(
            TransientNetwork,
            "connect_refused",
            "nothing listens at the hub's address",
            "check that the hub runs, and its port; it is tried again"
        );
        Add(
            TransientNetwork,
            "connect_timeout",
            "the hub's machine did not take the connection in time",
            "check the network and a firewall; it is tried again"
        );
        Add(TransientNetwork, "unreachable", "no route to the hub", "check the network; it is tried again");
        Add(TransientNetwork, "reset", "the connection was cut", ByItself);
        Add(TransientNetwork, "no_answer", "the connection ended before an answer", ByItself);
        Add(TransientNetwork, "truncated", "the connection ended inside an answer", ByItself);
        Add(TransientNetwork, "timeout", "the network was too slow", ByItself);
        Add(TransientNetwork, "send_timeout", "the hub stopped taking the request", ByItself);
        Add(TransientNetwork, "response_timeout", "the hub took the request and did not answer in time", ByItself);
        Add(TransientNetwork, "idle_timeout", "an answer stopped half-way, or trickled", ByItself);
        Add(TransientNetwork, "network", "the network failed", ByItself);

        Add(
            TlsHandshake,
            "tls_handshake",
            "no TLS connection could be made",
            "check that the address is a TLS port and that both sides share a TLS version"
        );
        Add(TlsTrust, "tls_untrusted", "the hub's certificate comes from an issuer that this machine does not trust", CheckTls);
        Add(
            TlsTrust,
            "tls_name_mismatch",
            "the hub's certificate is for another name",
            "check the hub's address; somebody else may be answering for it"
        );
        Add(TlsTrust, "tls_expired", "the hub's certificate has expired", "renew the hub's certificate, or check this machine's clock");
        Add(TlsTrust, "tls_revoked", "the hub's certificate was revoked", "replace the hub's certificate");
        Add(TlsTrust, "tls_no_certificate", "the hub showed no certificate", CheckTls);
        Add(ClockSkew, "tls_not_yet_valid", "the hub's certificate begins in the future", "check this machine's clock");
        Add(
            ClockSkew,
            "clock_skew",
            "the hub refuses the credential as too old or too new, and its clock and ours differ",
            "check this machine's clock, then the hub's"
        );

        Add(
            CaptivePortal,
            "captive_portal",
            "a web page answered in the hub's place",
            "sign in to the network in a browser, or check the hub's address"
        );
        Add(
            CaptivePortal,
            "redirected_elsewhere",
            "the network sends us to another site",
            "sign in to the network in a browser, or check the hub's address"
        );
        Add(
            Proxy,
            "proxy_auth",
            "the proxy wants a sign-in",
            "give the proxy's credentials to this machine, or set actorsync.http.use-proxy = off"
        );
        Add(Proxy, "proxy_refused", "a proxy refused the request", "allow the hub's address in the proxy");
        Add(Proxy, "proxy_tunnel", "the proxy made no connection to the hub", "check the proxy's address, and that it allows the hub's");

        Add(
            LocalPermission,
            "permission",
            "this process may not do that",
            "check the rights of this user, and a local firewall or sandbox"
        );
        Add(LocalPermission, "storage_permission", "the file may not be written", "check owner, rights and mount of the data folder");
        Add(
            LocalPermission,
            "storage_cannot_open",
            "the file cannot be opened",
            "check that the data folder is there, is a folder, and may be written"
        );
        Add(
            LocalResource,
            "no_local_port",
            "this machine has no address or port left for the connection",
            "check for other processes that use up the ports"
        );
        Add(LocalResource, "too_many_files", "too many open files or sockets", "raise the limit of open files of this user");
        Add(LocalResource, "memory", "not enough memory", "free memory on this machine");
        Add(LocalResource, "file_missing", "a file or folder is not there", "check the data folder");
        Add(LocalResource, "crypto", "a key or a secret could not be used", "check the key files in the data folder");
        Add(LocalResource, "closed", "the runtime is stopping", "nothing");
        Add(
            LocalResource,
            "local_network",
            "this machine cannot make such a connection",
            "check that the address' family (IPv4, IPv6) is enabled here"
        );

        Add(Protocol, "not_http", "what answers at the hub's address is no HTTP", CheckAddress);
        Add(Protocol, "not_json", "the answer is no JSON", CheckAddress);
        Add(Protocol, "unexpected_answer", "the answer is not what the protocol says", CheckAddress);
        Add(Protocol, "answer_too_large", "the answer is larger than allowed", CheckAddress);
        Add(Protocol, "answer_encoding", "the answer's compression cannot be undone", CheckAddress);
        Add(Protocol, "redirect", "the hub's address has moved", "set the hub's address to the new one");
        Add(
            Protocol,
            "foreign_refusal",
            "a refusal that is not the hub's",
            "check what stands between this machine and the hub; the credential was kept"
        );
        Add(Protocol, "invalid_url", "the address cannot be used", "write the hub's address as https://host");
        Add(
            Protocol,
            "credential_malformed",
            "the credential holds characters that cannot be sent",
            "pair again, or paste the token again"
        );

        Add(StorageBusy, "storage_busy", "the database is held by another process", "close the other process; it is tried again");
        Add(
            StorageCorrupt,
            "storage_corrupt",
            "the database is damaged or is none",
            "keep the file, restore a copy of it, and check the disk"
        );
        Add(StorageFull, "storage_full", "the disk is full", "free space on the disk of the data folder");
        Add(
            LocalResource,
            "storage_io",
            "the disk reports an error",
            "check the disk and its cables; the file is checked before it is used again"
        );
        return table.ToFrozenDictionary(StringComparer.Ordinal);
    }
}
