using System.Net;
using System.Net.Sockets;
using System.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using ActorSync.Wire;
using Microsoft.Data.Sqlite;

namespace ActorSync.Diagnostics;

/// <summary>Classifies exceptions. It never throws, and no exception is evidence about a credential: AuthInvalid comes from answers only.</summary>
/// <remarks>
/// What .NET does (measured): a reset before the response is <see cref="HttpRequestError.Unknown"/> with a SocketException inside; a ConnectTimeout is
/// a TaskCanceledException whose own token IS cancelled, with a TimeoutException inside; a client certificate that is refused in TLS 1.3 shows only
/// when the answer is read, as <see cref="HttpRequestError.ResponseEnded"/> or a reset. So the caller's token is asked first, and the whole graph is
/// walked for the most telling exception.
/// </remarks>
internal static class ErrorClassifier
{
    private const int MaxNodes = 64;

    // How much a finding tells. A socket's error says more than the HTTP layer's, which says more than "cancelled".
    private const int Nothing = 0;
    private const int Vague = 1;
    private const int Layer = 2;
    private const int Cause = 3;

    /// <param name="caller">The token of whoever asked; when it is cancelled, nothing else matters.</param>
    public static HubFailure Classify(Exception error, CancellationToken caller = default)
    {
        if (caller.IsCancellationRequested)
        {
            return Failures.Make("cancelled");
        }

        var nodes = Walk(error);
        var (code, weight, detail) = ("unknown", Nothing, error);
        HubFailure? storage = null;
        foreach (var node in nodes)
        {
            if (node is SqliteException sqlite && storage is null)
            {
                storage = StorageErrors.Classify(sqlite.SqliteExtendedErrorCode, Text(sqlite));
            }

            var (itsCode, itsWeight) = Judge(node);
            if (itsWeight > weight)
            {
                (code, weight, detail) = (itsCode, itsWeight, node);
            }
        }

        if (weight < Cause && storage is not null)
        {
            return storage;
        }

        // "An error occurred while sending the request" helps nobody: the innermost text does.
        return Failures.Make(code, Text(weight < Layer ? nodes[^1] : detail));
    }

    private static (string Code, int Weight) Judge(Exception error) =>
        error switch
        {
            CertificateRefusedException certificate => (certificate.Code, Cause),
            SocketException socket => Judge(socket.SocketErrorCode),
            HttpRequestException http => Judge(http),
            HttpIOException http => Judge(http.HttpRequestError, inBody: true),
            AuthenticationException => Text(error).Contains("certificate", StringComparison.OrdinalIgnoreCase)
                ? ("tls_untrusted", Layer)
                : ("tls_handshake", Layer),
            TimeoutException => (Text(error).Contains("ConnectTimeout", StringComparison.Ordinal) ? "connect_timeout" : "timeout", Layer),
            OperationCanceledException => ("timeout", Vague),
            UnauthorizedAccessException or SecurityException => ("permission", Cause),
            FileNotFoundException or DirectoryNotFoundException or DriveNotFoundException or PathTooLongException => (
                "file_missing",
                Cause
            ),
            EndOfStreamException => ("truncated", Vague),
            IOException io => JudgeFile(io.HResult),
            JsonException or DecoderFallbackException => ("unexpected_answer", Layer),
            InvalidDataException => ("answer_encoding", Layer),
            UriFormatException => ("invalid_url", Layer),
            CryptographicException => ("crypto", Vague),
            OutOfMemoryException => ("memory", Cause),
            ObjectDisposedException => ("closed", Vague),
            _ => ("unknown", Nothing),
        };

    private static (string Code, int Weight) Judge(HttpRequestException http) =>
        http.StatusCode == HttpStatusCode.ProxyAuthenticationRequired ? ("proxy_auth", Cause) : Judge(http.HttpRequestError, inBody: false);

    private static (string Code, int Weight) Judge(HttpRequestError error, bool inBody) =>
        error switch
        {
            HttpRequestError.NameResolutionError => ("dns", Layer),
            HttpRequestError.ConnectionError => ("network", Vague),
            HttpRequestError.SecureConnectionError => ("tls_handshake", Vague),
            HttpRequestError.ProxyTunnelError => ("proxy_tunnel", Cause),
            HttpRequestError.ResponseEnded => (inBody ? "truncated" : "no_answer", Vague),
            HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError => ("not_http", Layer),
            HttpRequestError.VersionNegotiationError or HttpRequestError.ExtendedConnectNotSupported => ("not_http", Layer),
            HttpRequestError.ConfigurationLimitExceeded => ("answer_too_large", Layer),
            HttpRequestError.UserAuthenticationError => ("foreign_refusal", Vague),
            _ => ("network", Vague),
        };

    private static (string Code, int Weight) Judge(SocketError error) =>
        error switch
        {
            SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain or SocketError.NoRecovery => ("dns", Cause),
            SocketError.ConnectionRefused => ("connect_refused", Cause),
            SocketError.TimedOut => ("connect_timeout", Cause),
            SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => ("reset", Cause),
            SocketError.NotConnected or SocketError.Disconnecting or SocketError.NetworkReset => ("reset", Cause),
            SocketError.NetworkUnreachable or SocketError.NetworkDown => ("unreachable", Cause),
            SocketError.HostUnreachable or SocketError.HostDown => ("unreachable", Cause),
            SocketError.AccessDenied => ("permission", Cause),
            SocketError.TooManyOpenSockets or SocketError.NoBufferSpaceAvailable => ("too_many_files", Cause),
            SocketError.AddressNotAvailable or SocketError.AddressAlreadyInUse => ("no_local_port", Cause),
            SocketError.AddressFamilyNotSupported or SocketError.ProtocolNotSupported => ("local_network", Cause),
            SocketError.ProtocolFamilyNotSupported or SocketError.SocketNotSupported => ("local_network", Cause),
            SocketError.OperationAborted or SocketError.Interrupted => ("timeout", Vague),
            _ => ("network", Layer),
        };

    // The HResult of a file's IOException: the errno on Unix, a Win32 error in 0x8007xxxx on Windows.
    private static (string Code, int Weight) JudgeFile(int result) =>
        result switch
        {
            28 or 122 or unchecked((int)0x80070070) or unchecked((int)0x80070027) => ("storage_full", Cause),
            30 or unchecked((int)0x80070013) => ("storage_permission", Cause),
            5 or unchecked((int)0x8007045D) => ("storage_io", Cause),
            23 or 24 or unchecked((int)0x80070004) => ("too_many_files", Cause),
            unchecked((int)0x80070020) or unchecked((int)0x80070021) => ("storage_busy", Cause),
            _ => ("network", Vague),
        };

    /// <summary>Outer before inner, each once, a bounded number of them.</summary>
    private static List<Exception> Walk(Exception root)
    {
        var nodes = new List<Exception>(4) { root };
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is AggregateException many)
            {
                foreach (var inner in many.InnerExceptions)
                {
                    Add(nodes, inner);
                }
            }
            else
            {
                Add(nodes, nodes[i].InnerException);
            }
        }

        return nodes;
    }

    private static void Add(List<Exception> nodes, Exception? inner)
    {
        if (inner is not null && nodes.Count < MaxNodes && !nodes.Contains(inner, ReferenceEqualityComparer.Instance))
        {
            nodes.Add(inner);
        }
    }

    // Somebody's Message may throw; a classifier may not.
    private static string Text(Exception error)
    {
        try
        {
            return error.Message ?? "";
        }
        catch (Exception)
        {
            return error.GetType().Name;
        }
    }
}
