using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace ActorSync.Diagnostics;

/// <summary>The platform did not trust the hub's certificate. It carries the reason, which .NET's own exception has in its text only.</summary>
internal sealed class CertificateRefusedException : AuthenticationException
{
    private CertificateRefusedException(string code, string detail)
        : base($"the certificate was refused: {detail}") => Code = code;

    /// <summary>One of <see cref="Failures.Codes"/>.</summary>
    public string Code { get; }

    /// <summary>For the callback of a handshake: true when the platform is content, else it throws. It never accepts what the platform refuses.</summary>
    public static bool Check(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now) =>
        errors == SslPolicyErrors.None ? true : throw Refuse(certificate, chain, errors, now);

    private static CertificateRefusedException Refuse(
        X509Certificate? certificate,
        X509Chain? chain,
        SslPolicyErrors errors,
        DateTimeOffset now
    )
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return new CertificateRefusedException("tls_no_certificate", "none was shown");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            return new CertificateRefusedException("tls_name_mismatch", $"it is for {certificate.Subject}");
        }

        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? default;
        if (status.HasFlag(X509ChainStatusFlags.Revoked))
        {
            return new CertificateRefusedException("tls_revoked", certificate.Subject);
        }

        // Dates alone: anything else beside them is a matter of trust.
        return status == X509ChainStatusFlags.NotTimeValid
            ? OutOfTime(chain!, now)
            : new CertificateRefusedException("tls_untrusted", $"{certificate.Subject}, {status}");
    }

    private static CertificateRefusedException OutOfTime(X509Chain chain, DateTimeOffset now)
    {
        foreach (var element in chain.ChainElements)
        {
            var (begins, ends) = (element.Certificate.NotBefore.ToUniversalTime(), element.Certificate.NotAfter.ToUniversalTime());
            if (begins > now.UtcDateTime)
            {
                return new CertificateRefusedException("tls_not_yet_valid", $"{element.Certificate.Subject} begins {begins:O}");
            }

            if (ends < now.UtcDateTime)
            {
                return new CertificateRefusedException("tls_expired", $"{element.Certificate.Subject} ended {ends:O}");
            }
        }

        return new CertificateRefusedException("tls_expired", "its dates do not fit");
    }
}
