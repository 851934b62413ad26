package dev.weft.proxy.config;

import java.util.List;

/// What the first bytes of a connection turned out to be.
///
/// @param transport `tls` or `raw_buffer`
/// @param protocols the ALPN list of a ClientHello; or `http/1.1`, `http/1.0`, `h2c`; or nothing
/// @param serverName what a ClientHello asks for; empty: nothing
public record Sniffed(String transport, List<String> protocols, String serverName) {
    public static final Sniffed NOTHING = new Sniffed("raw_buffer", List.of(), "");

    public static Sniffed tls(List<String> alpn) {
        return tls(alpn, "");
    }

    public static Sniffed tls(List<String> alpn, String serverName) {
        return new Sniffed("tls", List.copyOf(alpn), serverName);
    }

    /// HTTP/1.0 is for whoever takes HTTP/1.1, too: where no chain names it, it must not pass as
    /// opaque bytes.
    public static Sniffed http(String protocol) {
        return new Sniffed(
                "raw_buffer",
                protocol.equals("http/1.0") ? List.of("http/1.0", "http/1.1") : List.of(protocol),
                "");
    }

    public boolean isTls() {
        return transport.equals("tls");
    }
}
