package dev.weft.controlplane.ca;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMException;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;

/// The mesh's root as the Secret `weft-root` holds it.
///
/// @param certificates all roots that the mesh trusts; the first is the one that signs
/// @param key of the first certificate
public record TrustRoot(List<X509Certificate> certificates, PrivateKey key) {
    public TrustRoot {
        certificates = List.copyOf(certificates);
    }

    /// Reads `tls.crt` and `tls.key` of a folder.
    ///
    /// @throws IOException saying which file is missing or wrong, and what it should be
    public static TrustRoot load(Path folder) throws IOException {
        var certificatesFile = folder.resolve("tls.crt");
        var keyFile = folder.resolve("tls.key");
        return parse(read(certificatesFile), read(keyFile), folder.toString());
    }

    static TrustRoot parse(String certificatesPem, String keyPem, String place) throws IOException {
        var certificates = certificatesIn(certificatesPem, place);
        var key = keyIn(keyPem, place);
        var signer = certificates.getFirst();
        if (signer.getBasicConstraints() < 0) {
            throw new IOException(
                    place
                            + "/tls.crt is no certificate authority: its basicConstraints must say CA:TRUE.");
        }
        if (!belongTogether(signer, key)) {
            throw new IOException(
                    place
                            + "/tls.key is not the key of the first certificate in "
                            + place
                            + "/tls.crt.");
        }
        return new TrustRoot(certificates, key);
    }

    public X509Certificate signer() {
        return certificates.getFirst();
    }

    /// All roots as proxies get them.
    public String rootsPem() {
        return pem(certificates);
    }

    boolean expired(Instant now) {
        return !now.isBefore(signer().getNotAfter().toInstant());
    }

    static String pem(List<X509Certificate> certificates) {
        var text = new StringWriter();
        try (var writer = new JcaPEMWriter(text)) {
            for (var certificate : certificates) {
                writer.writeObject(certificate);
            }
        } catch (IOException e) {
            throw new IllegalStateException(
                    "a certificate that was just made cannot be encoded", e);
        }
        return text.toString();
    }

    private static String read(Path file) throws IOException {
        if (!Files.isReadable(file)) {
            throw new IOException(
                    file + " is not there: mount the Secret weft-root, which the operator makes.");
        }
        return Files.readString(file);
    }

    private static List<X509Certificate> certificatesIn(String pem, String place)
            throws IOException {
        var found = new ArrayList<X509Certificate>();
        try (var parser = new PEMParser(new StringReader(pem))) {
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof X509CertificateHolder holder) {
                    found.add(new JcaX509CertificateConverter().getCertificate(holder));
                }
            }
        } catch (GeneralSecurityException | PEMException e) {
            throw new IOException(place + "/tls.crt is not readable as PEM: " + e.getMessage(), e);
        }
        if (found.isEmpty()) {
            throw new IOException(place + "/tls.crt holds no certificate in PEM.");
        }
        return found;
    }

    private static PrivateKey keyIn(String pem, String place) throws IOException {
        try (var parser = new PEMParser(new StringReader(pem))) {
            var converter = new JcaPEMKeyConverter();
            for (var object = parser.readObject(); object != null; object = parser.readObject()) {
                if (object instanceof PEMKeyPair pair) {
                    return converter.getPrivateKey(pair.getPrivateKeyInfo());
                }
                if (object instanceof PrivateKeyInfo info) {
                    return converter.getPrivateKey(info);
                }
            }
        } catch (PEMException e) {
            throw new IOException(place + "/tls.key is not readable as PEM.", e);
        }
        throw new IOException(
                place
                        + "/tls.key holds no private key in PEM (PKCS#8 or SEC 1, without a password).");
    }

    private static boolean belongTogether(X509Certificate certificate, PrivateKey key) {
        try {
            var probe = "weft".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            var algorithm = LeafIssuer.signatureAlgorithm(key);
            var signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update(probe);
            var signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update(probe);
            return signature.verify(signed);
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
