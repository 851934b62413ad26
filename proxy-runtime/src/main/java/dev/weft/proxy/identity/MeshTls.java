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
    /// @return null while this pod has no certificate
    @Nullable SslContext server(List<String> alpn);

    /// For connections to peers.
    ///
    /// @param alpn the one protocol to offer
    /// @return null while this pod has no certificate
    @Nullable SslContext client(String alpn);

    /// The SPIFFE id of the peer of a handshaken session.
    ///
    /// @return empty when it has none, more than one, or one of another trust domain: do not talk
    ///   to such a peer
    Optional<String> spiffeId(SSLSession session);
}
