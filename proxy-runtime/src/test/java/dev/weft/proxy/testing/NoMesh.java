package dev.weft.proxy.testing;

import dev.weft.proxy.identity.MeshTls;
import io.netty.handler.ssl.SslContext;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLSession;
import org.jspecify.annotations.Nullable;

/// Mesh TLS of a pod that has no certificate.
public final class NoMesh implements MeshTls {
    @Override
    public @Nullable SslContext server(List<String> alpn, List<String> groups) {
        return null;
    }

    @Override
    public @Nullable SslContext client(String alpn, List<String> groups) {
        return null;
    }

    @Override
    public Optional<String> spiffeId(SSLSession session) {
        return Optional.empty();
    }
}
