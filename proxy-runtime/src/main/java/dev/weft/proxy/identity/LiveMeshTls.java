package dev.weft.proxy.identity;

import dev.weft.proxy.control.ControlThread;
import io.netty.handler.ssl.SslContext;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// [MeshTls] over a snapshot that is swapped whole when the certificate or the roots have changed.
final class LiveMeshTls implements MeshTls {
    /// How long a replaced context is kept for those who have just asked for it; engines made from
    /// it hold on to it themselves.
    private static final Duration GRACE = Duration.ofMinutes(1);

    private final ControlThread control;
    private volatile @Nullable TlsContexts contexts;

    LiveMeshTls(ControlThread control) {
        this.control = control;
    }

    void use(Identity identity, Roots roots) throws GeneralSecurityException {
        var replaced = contexts;
        contexts = new TlsContexts(identity, roots);
        if (replaced != null) {
            control.after(GRACE, replaced::release);
        }
    }

    @Override
    public @Nullable SslContext server(List<String> alpn, List<String> groups) {
        var now = contexts;
        return now == null ? null : now.server(alpn, groups);
    }

    @Override
    public @Nullable SslContext client(String alpn, List<String> groups) {
        var now = contexts;
        return now == null ? null : now.client(alpn, groups);
    }

    @Override
    public Optional<String> spiffeId(SSLSession session) {
        var now = contexts;
        if (now == null) {
            return Optional.empty();
        }
        try {
            return session.getPeerCertificates()[0] instanceof X509Certificate leaf
                    ? SpiffeId.of(leaf)
                            .filter(id -> id.trustDomain().equals(now.trustDomain()))
                            .map(SpiffeId::uri)
                    : Optional.empty();
        } catch (SSLPeerUnverifiedException e) {
            return Optional.empty();
        }
    }
}
