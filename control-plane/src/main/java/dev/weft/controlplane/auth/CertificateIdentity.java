package dev.weft.controlplane.auth;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;

/// Reads the pod out of a certificate of this mesh.
final class CertificateIdentity {
    private static final int URI = 6;
    private static final Pattern SPIFFE_ID =
            Pattern.compile("spiffe://([^/]+)/ns/([^/]+)/sa/([^/]+)");

    /// SERIALNUMBER; the JDK prints it by its number.
    private static final String SERIAL_NUMBER = "2.5.4.5";

    private CertificateIdentity() {}

    sealed interface Reading {
        record Known(PodIdentity pod) implements Reading {}

        record Useless(String why) implements Reading {}
    }

    /// Judges a chain of which the TLS handshake has proved no more than that the peer has the
    /// leaf's key.
    static Reading read(
            List<X509Certificate> chain,
            List<X509Certificate> roots,
            String trustDomain,
            Instant now) {
        try {
            var anchors =
                    roots.stream()
                            .map(root -> new TrustAnchor(root, null))
                            .collect(Collectors.toSet());
            var parameters = new PKIXParameters(anchors);
            parameters.setRevocationEnabled(false);
            parameters.setDate(Date.from(now));
            var path = CertificateFactory.getInstance("X.509").generateCertPath(chain);
            CertPathValidator.getInstance("PKIX").validate(path, parameters);
            return pod(chain.getFirst(), trustDomain);
        } catch (GeneralSecurityException | InvalidNameException e) {
            return new Reading.Useless(
                    "the client certificate is not valid in this mesh: " + e.getMessage());
        }
    }

    private static Reading pod(X509Certificate leaf, String trustDomain)
            throws CertificateParsingException, InvalidNameException {
        var id = onlyUri(leaf).map(SPIFFE_ID::matcher).filter(match -> match.matches());
        if (id.isEmpty()) {
            return new Reading.Useless(
                    "the client certificate has no single SPIFFE id of a workload.");
        }
        if (!id.get().group(1).equals(trustDomain)) {
            return new Reading.Useless(
                    "the client certificate is of trust domain "
                            + id.get().group(1)
                            + ", this mesh is "
                            + trustDomain
                            + ".");
        }
        var subject = subject(leaf);
        var name = subject.get("CN");
        var uid = subject.get("SERIALNUMBER");
        if (name == null || uid == null || !id.get().group(2).equals(subject.get("OU"))) {
            return new Reading.Useless(
                    "the client certificate does not name a pod in its subject.");
        }
        return new Reading.Known(new PodIdentity(id.get().group(2), name, uid, id.get().group(3)));
    }

    private static Optional<String> onlyUri(X509Certificate leaf)
            throws CertificateParsingException {
        var names = leaf.getSubjectAlternativeNames();
        if (names == null || names.size() != 1) {
            return Optional.empty();
        }
        var name = names.iterator().next();
        return Integer.valueOf(URI).equals(name.getFirst())
                ? Optional.of(name.getLast().toString())
                : Optional.empty();
    }

    private static Map<String, String> subject(X509Certificate leaf) throws InvalidNameException {
        var principal = leaf.getSubjectX500Principal();
        var name = principal.getName("RFC2253", Map.of(SERIAL_NUMBER, "SERIALNUMBER"));
        var parts = new HashMap<String, String>();
        for (var rdn : new LdapName(name).getRdns()) {
            parts.put(rdn.getType(), rdn.getValue().toString());
        }
        return parts;
    }
}
