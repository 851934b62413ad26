package dev.weft.operator.trust;

import dev.weft.api.Labels;
import dev.weft.api.Names;
import io.fabric8.kubernetes.api.model.Secret;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The Secret with the mesh's root: made when it is not there, never overwritten.
public final class RootStore {
    private static final String CERTIFICATE = "tls.crt";
    private static final String KEY = "tls.key";
    private static final int CONFLICT = 409;

    /// So long the Secret is not read again; it is immutable, and reading it is all that the
    /// operator may do by polling.
    private static final Duration KNOWN_FOR = Duration.ofSeconds(30);

    private final KubernetesClient client;
    private @Nullable Root known;
    private Instant knownUntil = Instant.EPOCH;

    public RootStore(KubernetesClient client) {
        this.client = client;
    }

    /// The root that there is; for a mesh that is about to be installed, else a new one.
    ///
    /// @param installed whether a mesh runs: a new root would then cut every proxy off, so none is
    ///   made
    /// @throws UnusableRoot when there is a Secret of that name which is no root, or none although
    ///   a mesh runs
    public Root ensure(String trustDomain, boolean installed, Instant now) throws UnusableRoot {
        var known = this.known;
        if (known != null && now.isBefore(knownUntil)) {
            return known;
        }
        var there = read();
        if (there == null && installed) {
            throw new UnusableRoot(
                    "Secret %s/%s is gone although the mesh runs; a new root would cut its proxies off. Put it back from a backup; control plane pods still hold it in /etc/weft/root"
                            .formatted(Names.NAMESPACE, Names.ROOT_SECRET),
                    null);
        }
        if (there == null) {
            create(trustDomain, now);
            there = read();
        }
        if (there == null) {
            throw new UnusableRoot(
                    "Secret %s went away while it was read".formatted(Names.ROOT_SECRET), null);
        }
        var root = parse(there);
        this.known = root;
        this.knownUntil = now.plus(KNOWN_FOR);
        return root;
    }

    /// After the mesh has gone its root has, too.
    public void forget() {
        known = null;
    }

    private @Nullable Secret read() {
        return client.secrets().inNamespace(Names.NAMESPACE).withName(Names.ROOT_SECRET).get();
    }

    private void create(String trustDomain, Instant now) {
        var root = RootAuthority.create(trustDomain, now);
        var secret =
                new SecretBuilder()
                        .withNewMetadata()
                        .withName(Names.ROOT_SECRET)
                        .withNamespace(Names.NAMESPACE)
                        .withLabels(
                                Map.of(
                                        Labels.NAME, "weft",
                                        Labels.PART_OF, "weft",
                                        Labels.COMPONENT, "trust"))
                        .endMetadata()
                        .withType("kubernetes.io/tls")
                        .withImmutable(true)
                        .withStringData(
                                Map.of(CERTIFICATE, root.certificatePem(), KEY, root.keyPem()))
                        .build();
        try {
            client.resource(secret).create();
        } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT) {
                throw e; // another operator was faster, which is as good
            }
        }
    }

    private static Root parse(Secret secret) throws UnusableRoot {
        var data = secret.getData();
        var encoded = data == null ? null : data.get(CERTIFICATE);
        if (encoded == null || !data.containsKey(KEY)) {
            throw unusable("it has no tls.crt and tls.key", null);
        }
        var pem = Base64.getDecoder().decode(encoded);
        try {
            var certificate =
                    (X509Certificate)
                            CertificateFactory.getInstance("X.509")
                                    .generateCertificate(new ByteArrayInputStream(pem));
            if (certificate.getBasicConstraints() < 0) {
                throw unusable("its certificate is not that of an authority", null);
            }
            return new Root(
                    new String(pem, StandardCharsets.US_ASCII),
                    certificate.getNotAfter().toInstant());
        } catch (CertificateException e) {
            throw unusable("its tls.crt cannot be read", e);
        }
    }

    private static UnusableRoot unusable(String why, @Nullable Throwable cause) {
        return new UnusableRoot(
                "Secret %s/%s cannot be the mesh's root: %s. Put a CA certificate and its key there, or delete it to get a new root"
                        .formatted(Names.NAMESPACE, Names.ROOT_SECRET, why),
                cause);
    }

    /// The Secret is there, and cannot be used.
    public static final class UnusableRoot extends Exception {
        private static final long serialVersionUID = 1;

        UnusableRoot(String message, @Nullable Throwable cause) {
            super(message, cause);
        }
    }
}
