package dev.weft.controlplane.ca;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedKeyManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The control plane's own leaf, made and renewed in this process, for both of its TLS servers.
///
/// The key lives as long as the process; only the leaf is renewed. So a handshake that reads first
/// the chain and then the key cannot get halves of two pairs.
public final class ServingCertificate {
    static final Duration LIFETIME = Duration.ofHours(24);

    private static final Logger LOG = LoggerFactory.getLogger(ServingCertificate.class);
    private static final String ALIAS = "serving";

    private final CertificateAuthority authority;
    private final List<String> dnsNames;
    private final InstantSource clock;
    private final KeyPair pair = newKeyPair();
    private volatile @Nullable Leaf leaf;

    public ServingCertificate(
            CertificateAuthority authority, List<String> dnsNames, InstantSource clock) {
        this.authority = authority;
        this.dnsNames = List.copyOf(dnsNames);
        this.clock = clock;
    }

    /// Makes a leaf when there is none, when half of its life is over, or when the root is another
    /// one.
    public void renewIfDue() {
        var root = authority.root();
        if (root == null) {
            return;
        }
        var held = leaf;
        var now = clock.instant();
        if (held != null && held.root().equals(root.signer()) && now.isBefore(held.renewAt())) {
            return;
        }
        var certificate = authority.server(root, dnsNames, pair.getPublic(), LIFETIME);
        var notAfter = certificate.getNotAfter().toInstant();
        leaf =
                new Leaf(
                        certificate,
                        root.signer(),
                        now.plus(Duration.between(now, notAfter).dividedBy(2)));
        LOG.info("serving certificate for {} made, valid until {}", dnsNames, notAfter);
    }

    /// The end of the leaf's life, or null while there is none.
    public @Nullable Instant notAfter() {
        var held = leaf;
        return held == null ? null : held.certificate().getNotAfter().toInstant();
    }

    /// For TLS contexts: each handshake gets the leaf that is in force then.
    public X509ExtendedKeyManager keyManager() {
        return new LiveKeys();
    }

    private record Leaf(X509Certificate certificate, X509Certificate root, Instant renewAt) {}

    private static KeyPair newKeyPair() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK has no P-256", e);
        }
    }

    private final class LiveKeys extends X509ExtendedKeyManager {
        private @Nullable String alias(String keyType) {
            return leaf != null && keyType.startsWith("EC") ? ALIAS : null;
        }

        @Override
        public @Nullable String chooseEngineServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable SSLEngine engine) {
            return alias(keyType);
        }

        @Override
        public @Nullable String chooseServerAlias(
                String keyType, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return alias(keyType);
        }

        @Override
        public String @Nullable [] getServerAliases(
                String keyType, Principal @Nullable [] issuers) {
            return alias(keyType) == null ? null : new String[] {ALIAS};
        }

        @Override
        public X509Certificate @Nullable [] getCertificateChain(String alias) {
            var held = leaf;
            return held == null ? null : new X509Certificate[] {held.certificate()};
        }

        @Override
        public PrivateKey getPrivateKey(String alias) {
            return pair.getPrivate();
        }

        @Override
        public String @Nullable [] getClientAliases(
                String keyType, Principal @Nullable [] issuers) {
            return null;
        }

        @Override
        public @Nullable String chooseClientAlias(
                String[] keyTypes, Principal @Nullable [] issuers, @Nullable Socket socket) {
            return null;
        }
    }
}
