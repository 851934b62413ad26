package dev.weft.proxy.config;

import java.util.Collections;
import java.util.List;

/// The condition of a filter chain. Zero and empty mean any.
public record ChainMatch(int port, String transport, List<String> protocols) {
    public static final ChainMatch ANY = new ChainMatch(0, "", List.of());

    public ChainMatch {
        protocols = List.copyOf(protocols);
    }

    boolean isOf(int port, String transport) {
        return this.port == port && this.transport.equals(transport);
    }

    boolean names(Sniffed seen) {
        return !Collections.disjoint(protocols, seen.protocols());
    }
}
