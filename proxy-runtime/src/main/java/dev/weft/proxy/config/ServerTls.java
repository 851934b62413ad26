package dev.weft.proxy.config;

import dev.weft.proxy.route.TextMatch;
import java.time.Duration;
import java.util.List;

/// Mesh TLS on the way in. A client certificate is always required.
///
/// @param peers which identities may come; empty: every one of the mesh
/// @param groups by which keys may be exchanged, the most wanted first; empty: the usual ones
/// @param handshake how long a handshake may take; zero: without end
public record ServerTls(
        List<String> alpn, List<TextMatch> peers, List<String> groups, Duration handshake) {
    /// Where the chain does not say it: as long as Envoy's listeners wait for first bytes.
    public static final Duration USUAL_HANDSHAKE = Duration.ofSeconds(15);

    public ServerTls {
        alpn = List.copyOf(alpn);
        peers = List.copyOf(peers);
        groups = List.copyOf(groups);
    }

    public boolean admits(String spiffeId) {
        return peers.isEmpty() || peers.stream().anyMatch(peer -> peer.matches(spiffeId));
    }
}
