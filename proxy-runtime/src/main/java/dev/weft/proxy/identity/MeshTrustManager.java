package dev.weft.proxy.identity;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/// Trusts a peer when its chain ends at the mesh's roots and its leaf is an SVID of this trust
/// domain. Host names play no part: which identities may serve a cluster is checked by who opened
/// the connection.
final class MeshTrustManager extends X509ExtendedTrustManager {
    private final X509TrustManager roots;
    private final String trustDomain;

    MeshTrustManager(X509TrustManager roots, String trustDomain) {
        this.roots = roots;
        this.trustDomain = trustDomain;
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        roots.checkClientTrusted(chain, authType);
        checkTrustDomain(chain[0]);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType)
            throws CertificateException {
        roots.checkServerTrusted(chain, authType);
        checkTrustDomain(chain[0]);
    }

    private void checkTrustDomain(X509Certificate leaf) throws CertificateException {
        var id =
                SpiffeId.of(leaf)
                        .orElseThrow(() ->
                                new CertificateException(
                                        "the peer's certificate does not carry exactly one SPIFFE id"));
        if (!id.trustDomain().equals(trustDomain)) {
            throw new CertificateException(
                    "the peer " + id.uri() + " is not of trust domain " + trustDomain);
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkClientTrusted(chain, authType);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        checkServerTrusted(chain, authType);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return roots.getAcceptedIssuers();
    }
}
