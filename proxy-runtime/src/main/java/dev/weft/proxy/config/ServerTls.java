package dev.weft.proxy.config;

import dev.weft.proxy.route.TextMatch;
import java.util.List;

/// Mesh TLS on the way in. A client certificate is always required.
///
/// @param peers which identities may come; empty: every one of the mesh
public record ServerTls(List<String> alpn, List<TextMatch> peers) {
    public ServerTls {
        alpn = List.copyOf(alpn);
        peers = List.copyOf(peers);
    }

    public boolean admits(String spiffeId) {
        return peers.isEmpty() || peers.stream().anyMatch(peer -> peer.matches(spiffeId));
    }
}
