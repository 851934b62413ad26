package dev.weft.proxy.identity;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/// The certificates that all trust in the mesh starts from.
record Roots(List<X509Certificate> certificates) {
    Roots {
        certificates = List.copyOf(certificates);
    }

    /// Names them in a file: SHA-256 over all of them, in hexadecimal.
    String fingerprint() throws GeneralSecurityException {
        var digest = MessageDigest.getInstance("SHA-256");
        for (X509Certificate certificate : certificates) {
            digest.update(certificate.getEncoded());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /// Checks chains up to these roots, and nothing about names.
    X509TrustManager trustManager() throws GeneralSecurityException {
        try {
            var store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            for (int i = 0; i < certificates.size(); i++) {
                store.setCertificateEntry("root-" + i, certificates.get(i));
            }
            var factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(store);
            return (X509TrustManager) factory.getTrustManagers()[0];
        } catch (IOException e) {
            throw new GeneralSecurityException("an empty key store could not be made", e);
        }
    }
}
