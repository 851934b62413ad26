package dev.weft.e2e.app;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Reads the peer's SPIFFE id from `x-forwarded-client-cert`.
final class PeerIdentity {
    static final String HEADER = "x-forwarded-client-cert";

    private PeerIdentity() {}

    static Optional<String> uri(@Nullable String header) {
        if (header == null) {
            return Optional.empty();
        }
        for (String field : header.split("[;,]", -1)) {
            String trimmed = field.trim();
            if (trimmed.startsWith("URI=")) {
                return Optional.of(trimmed.substring(4).replace("\"", ""));
            }
        }
        return Optional.empty();
    }
}
