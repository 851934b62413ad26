package dev.weft.proxy.identity;

import io.netty.handler.ssl.SslContext;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// Mesh TLS as it is at this moment: TLS 1.3 by BoringSSL, this pod's certificate, the mesh's
/// roots. Ask again for every connection: a renewed certificate is a new context, and a connection
/// keeps the one it began with. All methods may be called from any thread and never block.
public interface MeshTls {
    /// For connections from peers, a client certificate being required.
    ///
    /// @param alpn the protocols to accept, the most wanted first
    /// @param groups by which keys may be exchanged, the most wanted first; empty: the usual ones
    /// @return null while this pod has no certificate
    @Nullable SslContext server(List<String> alpn, List<String> groups);

    /// For connections to peers.
    ///
    /// @param alpn the one protocol to offer
    /// @param groups as above
    /// @return null while this pod has no certificate
    @Nullable SslContext client(String alpn, List<String> groups);

    /// With the usual groups.
    default @Nullable SslContext server(List<String> alpn) {
        return server(alpn, List.of());
    }

    /// With the usual groups.
    default @Nullable SslContext client(String alpn) {
        return client(alpn, List.of());
    }

    /// The SPIFFE id of the peer of a handshaken session.
    ///
    /// @return empty when it has none, more than one, or one of another trust domain: do not talk
    ///   to such a peer
    Optional<String> spiffeId(SSLSession session);
}
