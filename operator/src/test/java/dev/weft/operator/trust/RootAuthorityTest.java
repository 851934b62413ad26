package dev.weft.operator.trust;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.junit.jupiter.api.Test;

class RootAuthorityTest {
    private final Instant now = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void makes_an_authority_that_signs_itself_and_may_sign_leaves() throws Exception {
        var pair = RootAuthority.create("cluster.local", now);
        var certificate = certificate(pair.certificatePem());

        certificate.verify(certificate.getPublicKey());
        certificate.checkValidity(Date.from(now));
        assertThat(certificate.getBasicConstraints()).isGreaterThanOrEqualTo(0);
        assertThat(certificate.getKeyUsage()[5]).as("keyCertSign").isTrue();
        assertThat(certificate.getSubjectAlternativeNames())
                .anyMatch(name -> name.get(1).equals("spiffe://cluster.local"));
    }

    @Test
    void gives_the_key_that_belongs_to_the_certificate() throws Exception {
        var pair = RootAuthority.create("cluster.local", now);
        var text = "anything".getBytes(StandardCharsets.UTF_8);
        var signature = Signature.getInstance("SHA256withECDSA");
        try (var pem = new PEMParser(new StringReader(pair.keyPem()))) {
            signature.initSign(
                    new JcaPEMKeyConverter().getPrivateKey((PrivateKeyInfo) pem.readObject()));
        }
        signature.update(text);
        var signed = signature.sign();

        signature.initVerify(certificate(pair.certificatePem()).getPublicKey());
        signature.update(text);

        assertThat(signature.verify(signed)).isTrue();
    }

    private static X509Certificate certificate(String pem) throws Exception {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    }
}
