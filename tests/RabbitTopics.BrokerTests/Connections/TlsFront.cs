using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace RabbitTopics.BrokerTests.Connections;

/// <summary>Speaks TLS, as 'localhost', for a broker that does not.</summary>
public sealed class TlsFront : IAsyncDisposable
{
    private readonly Uri _target;
    private readonly X509Certificate2 _certificate;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;

    /// <param name="target">The broker.</param>
    /// <param name="name">The host's name in the certificate.</param>
    public TlsFront(Uri target, string name)
    {
        _target = target;
        _certificate = Certify(name);
        File.WriteAllText(CertificateFile, _certificate.ExportCertificatePem());
        _listener.Start();
        Uri = new UriBuilder(target) { Scheme = "amqps", Host = "localhost", Port = ((IPEndPoint)_listener.LocalEndpoint).Port }.Uri;
        _accepting = AcceptAsync();
    }

    public Uri Uri { get; }

    /// <summary>The certificate, for those who are to trust it.</summary>
    public string CertificateFile { get; } = Path.GetTempFileName();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
        _certificate.Dispose();
        File.Delete(CertificateFile);
    }

    private static X509Certificate2 Certify(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=RabbitTopics test", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private async Task AcceptAsync()
    {
        var clients = new List<Task>();
        try
        {
            while (true)
            {
                clients.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stopping.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await Task.WhenAll(clients);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using (client)
            {
                await using var tls = new SslStream(client.GetStream());
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stopping.Token);
                using var server = new TcpClient();
                await server.ConnectAsync(_target.Host, _target.Port, _stopping.Token);
                await await Task.WhenAny(tls.CopyToAsync(server.GetStream(), _stopping.Token), server.GetStream().CopyToAsync(tls, _stopping.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException or AuthenticationException or SocketException or ObjectDisposedException)
        {
            // One side is gone, or does not trust the other.
        }
    }
}
