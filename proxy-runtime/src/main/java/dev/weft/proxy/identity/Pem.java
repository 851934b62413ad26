package dev.weft.proxy.identity;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Function;
import java.util.regex.Pattern;

/// Certificates and keys as text (RFC 7468).
final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z ]+)-----([A-Za-z0-9+/=\\s]+)-----END \\1-----");
    private static final Base64.Encoder LINES =
            Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII));

    private Pem() {}

    static List<X509Certificate> certificates(String pem) throws CertificateException {
        var factory = CertificateFactory.getInstance("X.509");
        var certificates = new ArrayList<X509Certificate>();
        for (byte[] der : blocks(pem, "CERTIFICATE", CertificateException::new)) {
            certificates.add(
                    (X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
        }
        return certificates;
    }

    static PrivateKey privateKey(String pem) throws GeneralSecurityException {
        var keys = blocks(pem, "PRIVATE KEY", InvalidKeyException::new);
        if (keys.size() != 1) {
            throw new GeneralSecurityException("expected one private key, found " + keys.size());
        }
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(keys.getFirst()));
    }

    static String write(PrivateKey key, List<X509Certificate> chain) throws CertificateException {
        var pem = new StringBuilder(block("PRIVATE KEY", key.getEncoded()));
        for (X509Certificate certificate : chain) {
            pem.append(block("CERTIFICATE", certificate.getEncoded()));
        }
        return pem.toString();
    }

    private static String block(String type, byte[] der) {
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
                .formatted(type, LINES.encodeToString(der), type);
    }

    private static <E extends Exception> List<byte[]> blocks(
            String pem, String type, Function<Exception, E> malformed) throws E {
        try {
            return BLOCK.matcher(pem)
                    .results()
                    .filter(block -> block.group(1).equals(type))
                    .map(block -> Base64.getMimeDecoder().decode(block.group(2)))
                    .toList();
        } catch (IllegalArgumentException noBase64) {
            throw malformed.apply(noBase64);
        }
    }
}
