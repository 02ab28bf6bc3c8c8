using System.Net;
using System.Net.Security;
using ActorSync.Diagnostics;

namespace ActorSync.Wire;

/// <summary>Makes the bottom of the one HTTP client: nothing is followed, kept, unpacked or retried that we did not ask for.</summary>
internal static class HubTransport
{
    public static SocketsHttpHandler Create(HttpSettings settings, TimeProvider time) =>
        new()
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseProxy = settings.UseProxy,
            PreAuthenticate = false,
            Credentials = null,
            ConnectTimeout = settings.ConnectTimeout,
            MaxConnectionsPerServer = settings.MaxConnections,
            MaxResponseHeadersLength = 16, // KiB

            // A hub that moves to another address is found again; a connection that a middlebox forgot is not kept for long.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),

            // What we do not read is not worth reading: the connection is closed instead.
            MaxResponseDrainSize = 0,

            // No trace headers to whoever answers.
            ActivityHeadersPropagator = null,
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    CertificateRefusedException.Check(certificate, chain, errors, time.GetUtcNow()),
            },
        };
}
