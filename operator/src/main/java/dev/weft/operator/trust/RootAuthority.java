package dev.weft.operator.trust;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// Makes the root of a new mesh: self-signed, ECDSA P-256, ten years.
public final class RootAuthority {
    private static final Duration LIFETIME = Duration.ofDays(3650);

    /// Clocks of nodes differ.
    private static final Duration BACKDATED = Duration.ofMinutes(5);

    private RootAuthority() {}

    /// A certificate and its PKCS#8 key, both PEM.
    public record KeyPair(String certificatePem, String keyPem) {}

    public static KeyPair create(String trustDomain, Instant now) {
        try {
            var random = new SecureRandom();
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"), random);
            var keys = generator.generateKeyPair();
            var name = new X500Name("O=Weft,CN=Weft root of " + trustDomain);
            var extensions = new JcaX509ExtensionUtils();
            var builder =
                    new JcaX509v3CertificateBuilder(
                                    name,
                                    new BigInteger(127, random).setBit(126),
                                    Date.from(now.minus(BACKDATED)),
                                    Date.from(now.plus(LIFETIME)),
                                    name,
                                    keys.getPublic())
                            .addExtension(Extension.basicConstraints, true, new BasicConstraints(1))
                            .addExtension(
                                    Extension.keyUsage,
                                    true,
                                    new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign))
                            .addExtension(
                                    Extension.subjectKeyIdentifier,
                                    false,
                                    extensions.createSubjectKeyIdentifier(keys.getPublic()))
                            .addExtension(
                                    Extension.subjectAlternativeName,
                                    false,
                                    new GeneralNames(
                                            new GeneralName(
                                                    GeneralName.uniformResourceIdentifier,
                                                    "spiffe://" + trustDomain)));
            var certificate =
                    builder.build(
                            new JcaContentSignerBuilder("SHA256withECDSA")
                                    .build(keys.getPrivate()));
            return new KeyPair(
                    pem(certificate), pem(new JcaPKCS8Generator(keys.getPrivate(), null)));
        } catch (GeneralSecurityException | OperatorCreationException | IOException e) {
            throw new IllegalStateException("this JDK cannot make an ECDSA P-256 certificate", e);
        }
    }

    private static String pem(Object object) throws IOException {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            writer.writeObject(object);
        }
        return text.toString();
    }
}
