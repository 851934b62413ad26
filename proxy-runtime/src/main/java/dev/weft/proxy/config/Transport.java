package dev.weft.proxy.config;

import dev.weft.proxy.route.TextMatch;
import java.util.List;

/// How an endpoint is spoken to.
public sealed interface Transport {
    record Clear() implements Transport {}

    /// @param peers who may answer; empty: every identity of the mesh
    /// @param groups by which keys may be exchanged, the most wanted first; empty: the usual ones
    record Mesh(List<String> alpn, List<TextMatch> peers, List<String> groups)
            implements Transport {
        public Mesh {
            alpn = List.copyOf(alpn);
            peers = List.copyOf(peers);
            groups = List.copyOf(groups);
        }

        /// The one protocol to offer for what is carried; the names end in it.
        public String offer(Carried carried) {
            for (var name : alpn) {
                if (name.endsWith(carried.suffix())) {
                    return name;
                }
            }
            return carried.suffix();
        }

        public boolean admits(String spiffeId) {
            return peers.isEmpty() || peers.stream().anyMatch(peer -> peer.matches(spiffeId));
        }
    }

    /// What a connection carries.
    enum Carried {
        HTTP1("http/1.1"),
        HTTP2("h2"),
        TCP("tcp");

        private final String suffix;

        Carried(String suffix) {
            this.suffix = suffix;
        }

        String suffix() {
            return suffix;
        }
    }
}
