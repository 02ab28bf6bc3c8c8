using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorSync.TestKit.Network;

/// <summary>Certificates for loopback, made on the spot by an authority that only a test trusts.</summary>
public sealed class TestCertificates : IDisposable
{
    private static readonly DateTimeOffset Began = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Ends = new(2090, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<X509Certificate2> _made = [];
    private int _serial;

    public TestCertificates()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ActorSync test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        Authority = Keep(request.CreateSelfSigned(Began, Ends));
    }

    public X509Certificate2 Authority { get; }

    /// <summary>Good for 127.0.0.1 and localhost.</summary>
    public X509Certificate2 Good() => Issue(Began, Ends, forLoopback: true);

    public X509Certificate2 Expired() => Issue(Began, Began.AddYears(1), forLoopback: true);

    public X509Certificate2 NotYetValid() => Issue(Ends.AddYears(-1), Ends, forLoopback: true);

    /// <summary>For another name than where it is shown.</summary>
    public X509Certificate2 ForAnotherName() => Issue(Began, Ends, forLoopback: false);

    public X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Keep(Exportable(Request(key, forLoopback: true).CreateSelfSigned(Began, Ends)));
    }

    /// <summary>Trusts the authority, and nothing of the machine's.</summary>
    public X509ChainPolicy Trust()
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.Add(Authority);
        return policy;
    }

    public void Dispose() => _made.ForEach(certificate => certificate.Dispose());

    private X509Certificate2 Issue(DateTimeOffset from, DateTimeOffset to, bool forLoopback)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var bare = Request(key, forLoopback).Create(Authority, from, to, BitConverter.GetBytes(++_serial));
        return Keep(Exportable(bare.CopyWithPrivateKey(key)));
    }

    private static CertificateRequest Request(ECDsa key, bool forLoopback)
    {
        var request = new CertificateRequest("CN=hub", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (forLoopback)
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddDnsName("localhost");
        }
        else
        {
            names.AddDnsName("other.example");
        }

        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    // Some platforms serve TLS only with a key that came from a file.
    private static X509Certificate2 Exportable(X509Certificate2 certificate)
    {
        using (certificate)
        {
            return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), password: null);
        }
    }

    private X509Certificate2 Keep(X509Certificate2 certificate)
    {
        _made.Add(certificate);
        return certificate;
    }
}
