package dev.weft.proxy.testing;

import java.io.IOException;
import java.io.StringWriter;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequest;

/// A root, and what it signs.
public final class TestAuthority {
    private final KeyPair keys = newKeys();
    private final X509Certificate root;

    public TestAuthority(String name) {
        root =
                issue(
                        keys.getPublic(),
                        new X500Name("CN=" + name),
                        new X500Name("CN=" + name),
                        null,
                        Duration.ofHours(1));
    }

    public record Certified(PrivateKey key, X509Certificate certificate) {
        public String pem() {
            return TestAuthority.pem(key) + TestAuthority.pem(certificate);
        }
    }

    public X509Certificate root() {
        return root;
    }

    public String rootPem() {
        return pem(root);
    }

    public Certified server(String host) {
        var pair = newKeys();
        return new Certified(
                pair.getPrivate(),
                issue(
                        pair.getPublic(),
                        root(),
                        new X500Name("CN=server"),
                        new GeneralName(GeneralName.dNSName, host),
                        Duration.ofHours(1)));
    }

    public Certified workload(String spiffeId, Duration lifetime) {
        var pair = newKeys();
        return new Certified(pair.getPrivate(), workload(pair.getPublic(), spiffeId, lifetime));
    }

    /// Signs a DER request for this identity, whatever the request says.
    public X509Certificate sign(byte[] request, String spiffeId, Duration lifetime) {
        try {
            return workload(
                    new JcaPKCS10CertificationRequest(request).getPublicKey(), spiffeId, lifetime);
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private X509Certificate workload(PublicKey key, String spiffeId, Duration lifetime) {
        return issue(
                key,
                root(),
                new X500Name("CN=workload"),
                new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId),
                lifetime);
    }

    private X509Certificate issue(
            PublicKey key,
            X509Certificate issuer,
            X500Name subject,
            GeneralName name,
            Duration life) {
        return issue(
                key,
                X500Name.getInstance(issuer.getSubjectX500Principal().getEncoded()),
                subject,
                name,
                life);
    }

    private X509Certificate issue(
            PublicKey key,
            X500Name issuer,
            X500Name subject,
            @org.jspecify.annotations.Nullable GeneralName name,
            Duration life) {
        var now = Instant.now();
        var builder =
                new JcaX509v3CertificateBuilder(
                        issuer,
                        new BigInteger(64, new SecureRandom()),
                        // as Weft's control plane does: clocks differ
                        Date.from(now.minusSeconds(60)),
                        Date.from(now.plus(life)),
                        subject,
                        key);
        try {
            builder.addExtension(
                    Extension.basicConstraints, true, new BasicConstraints(name == null));
            if (name == null) {
                builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
            } else {
                builder.addExtension(
                        Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature));
                builder.addExtension(
                        Extension.extendedKeyUsage,
                        false,
                        new ExtendedKeyUsage(
                                new KeyPurposeId[] {
                                    KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth
                                }));
                builder.addExtension(
                        Extension.subjectAlternativeName, false, new GeneralNames(name));
            }
            return new JcaX509CertificateConverter()
                    .getCertificate(
                            builder.build(
                                    new JcaContentSignerBuilder("SHA256withECDSA")
                                            .build(keys.getPrivate())));
        } catch (IOException | GeneralSecurityException | OperatorCreationException e) {
            throw new IllegalStateException(e);
        }
    }

    public static KeyPair newKeys() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    public static String pem(Object object) {
        var out = new StringWriter();
        try (var writer = new JcaPEMWriter(out)) {
            writer.writeObject(
                    object instanceof PrivateKey key
                            ? new org.bouncycastle.openssl.PKCS8Generator(
                                    org.bouncycastle.asn1.pkcs.PrivateKeyInfo.getInstance(
                                            key.getEncoded()),
                                    null)
                            : object);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return out.toString();
    }
}
