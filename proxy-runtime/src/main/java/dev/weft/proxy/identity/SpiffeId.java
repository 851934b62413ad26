package dev.weft.proxy.identity;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// A name in the mesh, `spiffe://<trust domain>/<path>`, as an X.509-SVID carries it.
record SpiffeId(String trustDomain, String uri) {
    private static final Integer URI_NAME = 6;
    private static final int MAX_LENGTH = 2048;
    private static final Pattern ID =
            Pattern.compile("spiffe://([a-z0-9._-]+)(?:/(?!\\.{1,2}(?:/|$))[A-Za-z0-9._-]+)+");

    /// @return empty unless the certificate has exactly one URI name and that is a SPIFFE id
    ///   (X.509-SVID, section 2)
    static Optional<SpiffeId> of(X509Certificate certificate) {
        Collection<List<?>> names;
        try {
            names = certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException | RuntimeException malformed) {
            // The latter is what the JDK throws for an address that is none.
            return Optional.empty();
        }
        if (names == null) {
            return Optional.empty();
        }
        var uris =
                names.stream()
                        .filter(name -> URI_NAME.equals(name.get(0)))
                        .map(name -> String.valueOf(name.get(1)))
                        .toList();
        return uris.size() == 1 ? parse(uris.getFirst()) : Optional.empty();
    }

    /// @return empty unless it is written as the standard wants it (SPIFFE-ID, section 2): what is
    ///   left has no character that a header, a log or a list of ids would read as something else
    static Optional<SpiffeId> parse(String uri) {
        var id = ID.matcher(uri);
        return uri.length() <= MAX_LENGTH && id.matches()
                ? Optional.of(new SpiffeId(id.group(1), uri))
                : Optional.empty();
    }
}
