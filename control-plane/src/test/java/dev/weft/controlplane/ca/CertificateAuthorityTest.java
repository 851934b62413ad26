package dev.weft.controlplane.ca;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.controlplane.ManualClock;
import dev.weft.controlplane.auth.PodIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertificateAuthorityTest {
    private static final Instant NOW = Instant.parse("2026-01-01T12:00:00Z");
    private static final PodIdentity POD = new PodIdentity("shop", "cart-7", "uid-7", "cart");

    @TempDir Path folder;
    private final ManualClock clock = new ManualClock(NOW);
    private CertificateAuthority authority;

    @BeforeEach
    void noRootYet() {
        authority = new CertificateAuthority(folder, clock);
    }

    @Test
    void a_leaf_carries_the_callers_identity_and_nothing_else() throws Exception {
        var root = load(TestRoot.create(NOW, Duration.ofDays(365)));
        var key = TestRoot.p256().getPublic();

        var leaf = authority.workload(root, POD, key, "mesh.example", Duration.ofHours(24));

        leaf.verify(root.signer().getPublicKey());
        assertThat(leaf.getPublicKey()).isEqualTo(key);
        assertThat(
                        org.bouncycastle.asn1.x500.X500Name.getInstance(
                                leaf.getSubjectX500Principal().getEncoded()))
                .hasToString("CN=cart-7,OU=shop,SERIALNUMBER=uid-7");
        assertThat(leaf.getSubjectAlternativeNames())
                .hasToString("[[6, spiffe://mesh.example/ns/shop/sa/cart]]");
        assertThat(leaf.getExtendedKeyUsage())
                .containsExactly("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
        assertThat(leaf.getKeyUsage()[0]).isTrue();
        assertThat(leaf.getKeyUsage()[5]).as("keyCertSign").isFalse();
        assertThat(leaf.getNotBefore().toInstant()).isEqualTo(NOW.minusSeconds(60));
        assertThat(leaf.getNotAfter().toInstant()).isEqualTo(NOW.plus(Duration.ofHours(24)));
    }

    @Test
    void a_leaf_never_outlives_its_root() {
        var root = load(TestRoot.create(NOW, Duration.ofHours(2)));

        var leaf =
                authority.workload(
                        root,
                        POD,
                        TestRoot.p256().getPublic(),
                        "mesh.example",
                        Duration.ofHours(24));

        assertThat(leaf.getNotAfter()).isEqualTo(root.signer().getNotAfter());
    }

    @Test
    void says_what_is_missing_until_the_root_is_there() {
        authority.refresh();
        assertThat(authority.problem())
                .contains("tls.crt is not there")
                .contains("Secret weft-root");

        load(TestRoot.create(NOW, Duration.ofDays(1)));
        assertThat(authority.problem()).isNull();
    }

    @Test
    void refuses_a_key_that_is_not_the_roots() throws Exception {
        TestRoot.write(TestRoot.create(NOW, Duration.ofDays(1)), folder);
        Files.writeString(
                folder.resolve("tls.key"),
                TestRoot.keyPem(TestRoot.create(NOW, Duration.ofDays(1))));

        authority.refresh();

        assertThat(authority.root()).isNull();
        assertThat(authority.problem()).contains("tls.key is not the key of the first certificate");
    }

    @Test
    void refuses_a_root_that_may_not_sign() {
        TestRoot.write(TestRoot.create(NOW, Duration.ofDays(1), false), folder);

        authority.refresh();

        assertThat(authority.problem()).contains("no certificate authority");
    }

    @Test
    void goes_on_with_the_root_in_force_when_the_files_are_damaged() throws Exception {
        var root = load(TestRoot.create(NOW, Duration.ofDays(1)));
        Files.writeString(folder.resolve("tls.crt"), "damaged");

        assertThat(authority.refresh()).isFalse();

        assertThat(authority.root()).isEqualTo(root);
        assertThat(authority.problem()).isNull();
    }

    @Test
    void says_that_the_root_has_expired() {
        load(TestRoot.create(NOW, Duration.ofDays(1)));

        clock.advance(Duration.ofDays(2));

        assertThat(authority.problem()).contains("expired at 2026-01-02T12:00:00Z");
    }

    @Test
    void the_serving_leaf_is_renewed_at_half_of_its_life_and_for_a_new_root() {
        load(TestRoot.create(NOW, Duration.ofDays(365)));
        var serving = new ServingCertificate(authority, List.of("cp.weft-system.svc"), clock);
        serving.renewIfDue();
        var first = leafOf(serving);

        clock.advance(Duration.ofHours(11));
        serving.renewIfDue();
        assertThat(leafOf(serving)).isEqualTo(first);

        clock.advance(Duration.ofHours(2));
        serving.renewIfDue();
        var second = leafOf(serving);
        assertThat(second).isNotEqualTo(first);
        assertThat(second.getNotAfter().toInstant())
                .isEqualTo(clock.instant().plus(ServingCertificate.LIFETIME));

        load(TestRoot.create(clock.instant(), Duration.ofDays(365)));
        serving.renewIfDue();
        assertThat(leafOf(serving)).isNotEqualTo(second);
    }

    private TrustRoot load(TrustRoot root) {
        TestRoot.write(root, folder);
        assertThat(authority.refresh()).isTrue();
        return requireNonNull(authority.root());
    }

    private static X509Certificate leafOf(ServingCertificate serving) {
        return requireNonNull(serving.keyManager().getCertificateChain("serving"))[0];
    }
}
