package dev.weft.proxy.identity;

import java.net.URI;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A name in the mesh, `spiffe://<trust domain>/<path>`, as an X.509-SVID carries it.
record SpiffeId(String trustDomain, String uri) {
    private static final Integer URI_NAME = 6;

    /// @return empty unless the certificate has exactly one URI name and that is a SPIFFE id
    ///   (X.509-SVID, section 2)
    static Optional<SpiffeId> of(X509Certificate certificate) {
        Collection<List<?>> names;
        try {
            names = certificate.getSubjectAlternativeNames();
        } catch (CertificateParsingException e) {
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

    static Optional<SpiffeId> parse(String uri) {
        URI parsed;
        try {
            parsed = URI.create(uri);
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
        boolean whole =
                "spiffe".equals(parsed.getScheme())
                        && parsed.getRawAuthority() != null
                        && parsed.getRawAuthority()
                                .equals(parsed.getRawAuthority().toLowerCase(Locale.ROOT))
                        && parsed.getRawAuthority().matches("[a-z0-9._-]+")
                        && parsed.getRawPath().length() > 1
                        && parsed.getRawQuery() == null
                        && parsed.getRawFragment() == null;
        return whole ? Optional.of(new SpiffeId(parsed.getRawAuthority(), uri)) : Optional.empty();
    }
}
