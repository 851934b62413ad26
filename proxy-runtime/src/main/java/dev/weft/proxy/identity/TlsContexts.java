package dev.weft.proxy.identity;

import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.ReferenceCountUtil;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLException;

/// The TLS contexts of one certificate and one set of roots, made when first asked for. There are
/// as many as the mesh has ALPN names, times the lists of groups that its configuration has.
/// Reference-counted ones: an engine per connection must not wait for a finalizer.
final class TlsContexts {
    /// How Netty carries the key to BoringSSL, inside of this process. The default, PKCS #12,
    /// derives two keys by 10,000 rounds of HMAC for that: 0.2 s of CPU in a fresh JVM.
    static final String KEY_STORE = "JKS";

    private record Wanted(List<String> alpn, List<String> groups) {
        Wanted {
            alpn = List.copyOf(alpn);
            groups = List.copyOf(groups);
        }
    }

    private final Identity identity;
    private final MeshTrustManager trust;
    private final Map<Wanted, SslContext> servers = new ConcurrentHashMap<>();
    private final Map<Wanted, SslContext> clients = new ConcurrentHashMap<>();

    TlsContexts(Identity identity, Roots roots) throws GeneralSecurityException {
        this.identity = identity;
        this.trust = new MeshTrustManager(roots.trustManager(), identity.id().trustDomain());
    }

    String trustDomain() {
        return identity.id().trustDomain();
    }

    SslContext server(List<String> alpn, List<String> groups) {
        return servers.computeIfAbsent(
                new Wanted(alpn, groups),
                wanted ->
                        build(
                                SslContextBuilder.forServer(identity.key(), chain())
                                        .clientAuth(ClientAuth.REQUIRE),
                                wanted));
    }

    SslContext client(String alpn, List<String> groups) {
        return clients.computeIfAbsent(
                new Wanted(List.of(alpn), groups),
                wanted ->
                        build(
                                SslContextBuilder.forClient()
                                        .keyManager(identity.key(), chain())
                                        .endpointIdentificationAlgorithm(null),
                                wanted));
    }

    void release() {
        servers.values().forEach(ReferenceCountUtil::release);
        clients.values().forEach(ReferenceCountUtil::release);
    }

    private SslContext build(SslContextBuilder builder, Wanted wanted) {
        if (!wanted.groups().isEmpty()) {
            builder.option(OpenSslContextOption.GROUPS, wanted.groups().toArray(String[]::new));
        }
        try {
            return builder.sslProvider(SslProvider.OPENSSL_REFCNT)
                    .keyStoreType(KEY_STORE)
                    .protocols("TLSv1.3")
                    .trustManager(trust)
                    .applicationProtocolConfig(protocols(wanted.alpn()))
                    .build();
        } catch (SSLException e) {
            throw new IllegalStateException("BoringSSL refused a checked certificate", e);
        }
    }

    /// A chain may be chosen by something else, and name none.
    private static ApplicationProtocolConfig protocols(List<String> alpn) {
        return alpn.isEmpty()
                ? ApplicationProtocolConfig.DISABLED
                : new ApplicationProtocolConfig(
                        Protocol.ALPN,
                        SelectorFailureBehavior.NO_ADVERTISE,
                        SelectedListenerFailureBehavior.ACCEPT,
                        alpn);
    }

    private X509Certificate[] chain() {
        return identity.chain().toArray(X509Certificate[]::new);
    }
}
