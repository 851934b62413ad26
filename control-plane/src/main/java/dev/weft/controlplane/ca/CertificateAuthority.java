package dev.weft.controlplane.ca;

import dev.weft.controlplane.auth.PodIdentity;
import java.io.IOException;
import java.nio.file.Path;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Signs by the root that is in force. The root's files may come late and may change; [#refresh]
/// looks at them.
public final class CertificateAuthority {
    private static final Logger LOG = LoggerFactory.getLogger(CertificateAuthority.class);

    private final Path folder;
    private final InstantSource clock;
    private final LeafIssuer issuer = new LeafIssuer();
    private volatile @Nullable TrustRoot root;
    private volatile String unreadable = "the mesh's root was not read yet.";

    public CertificateAuthority(Path folder, InstantSource clock) {
        this.folder = folder;
        this.clock = clock;
    }

    /// Reads the root's files again. A root that cannot be read leaves the one in force untouched.
    ///
    /// @return whether the root in force is another one than before
    public boolean refresh() {
        try {
            var loaded = TrustRoot.load(folder);
            var before = root;
            if (before != null && before.certificates().equals(loaded.certificates())) {
                return false;
            }
            root = loaded;
            LOG.info(
                    "signing by root \"{}\", valid until {}",
                    loaded.signer().getSubjectX500Principal(),
                    loaded.signer().getNotAfter().toInstant());
            return true;
        } catch (IOException e) {
            unreadable = String.valueOf(e.getMessage());
            LOG.warn("the mesh's root cannot be read: {}", e.getMessage());
            return false;
        }
    }

    /// The root in force; null before the first was read.
    public @Nullable TrustRoot root() {
        return root;
    }

    /// All roots that callers may come from; none before the first was read.
    public List<X509Certificate> roots() {
        var held = root;
        return held == null ? List.of() : held.certificates();
    }

    /// Why this authority cannot sign, or null when it can.
    public @Nullable String problem() {
        var held = root;
        if (held == null) {
            return unreadable;
        }
        return held.expired(clock.instant()) ? expired(held) : null;
    }

    /// The certificate of a pod, by the identity that it proved; the request gave no more than the
    /// key.
    X509Certificate workload(
            TrustRoot by, PodIdentity pod, PublicKey key, String trustDomain, Duration lifetime) {
        var subject =
                new X500NameBuilder(BCStyle.INSTANCE)
                        .addRDN(BCStyle.CN, pod.pod())
                        .addRDN(BCStyle.OU, pod.namespace())
                        .addRDN(BCStyle.SERIALNUMBER, pod.uid())
                        .build();
        var id = new GeneralName(GeneralName.uniformResourceIdentifier, pod.spiffeId(trustDomain));
        return issuer.issue(by, subject, new GeneralNames(id), key, clock.instant(), lifetime);
    }

    /// The certificate of a server with these DNS names.
    X509Certificate server(TrustRoot by, List<String> dnsNames, PublicKey key, Duration lifetime) {
        var names = dnsNames.stream().map(name -> new GeneralName(GeneralName.dNSName, name));
        // No common name: the host names of long revisions exceed its 64 characters, and nobody
        // reads it.
        var subject =
                new X500NameBuilder(BCStyle.INSTANCE)
                        .addRDN(BCStyle.O, "Weft control plane")
                        .build();
        return issuer.issue(
                by,
                subject,
                new GeneralNames(names.toArray(GeneralName[]::new)),
                key,
                clock.instant(),
                lifetime);
    }

    private static String expired(TrustRoot root) {
        return "the mesh's root expired at "
                + root.signer().getNotAfter().toInstant()
                + ": put a new one into the Secret weft-root.";
    }
}
