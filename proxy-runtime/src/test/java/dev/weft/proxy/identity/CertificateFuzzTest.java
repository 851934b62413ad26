package dev.weft.proxy.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.util.Base64;

/// Certificates come from peers and control planes: what cannot be read is said to be so, by the
/// exception that callers expect, in DER as in PEM.
class CertificateFuzzTest {
    @FuzzTest
    void what_cannot_be_read_is_refused(byte[] der) {
        var text = new String(der, StandardCharsets.ISO_8859_1);
        read(text);
        read(
                "-----BEGIN CERTIFICATE-----\n"
                        + Base64.getMimeEncoder().encodeToString(der)
                        + "\n-----END CERTIFICATE-----\n");
        readKey(text);
        readKey(
                "-----BEGIN PRIVATE KEY-----\n"
                        + Base64.getMimeEncoder().encodeToString(der)
                        + "\n-----END PRIVATE KEY-----\n");
    }

    private static void read(String pem) {
        try {
            for (var certificate : Pem.certificates(pem)) {
                SpiffeId.of(certificate)
                        .ifPresent(id -> assertThat(id.uri()).startsWith("spiffe://"));
            }
        } catch (CertificateException unreadable) {
            assertThat(unreadable).isNotNull();
        }
    }

    private static void readKey(String pem) {
        try {
            assertThat(Pem.privateKey(pem)).isNotNull();
        } catch (GeneralSecurityException unreadable) {
            assertThat(unreadable).isNotNull();
        }
    }
}
