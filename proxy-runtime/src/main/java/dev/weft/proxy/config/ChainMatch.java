package dev.weft.proxy.config;

import java.util.Collections;
import java.util.List;

/// The condition of a filter chain. Zero and empty mean any.
public record ChainMatch(int port, String transport, List<String> protocols) {
    public static final ChainMatch ANY = new ChainMatch(0, "", List.of());

    public ChainMatch {
        protocols = List.copyOf(protocols);
    }

    boolean takes(int port, Sniffed seen) {
        return (this.port == 0 || this.port == port)
                && (transport.isEmpty() || transport.equals(seen.transport()))
                && (protocols.isEmpty() || !Collections.disjoint(protocols, seen.protocols()));
    }

    int rank() {
        return (port == 0 ? 0 : 4) + (transport.isEmpty() ? 0 : 2) + (protocols.isEmpty() ? 0 : 1);
    }
}
