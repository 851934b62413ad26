package dev.weft.controlplane.server;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.BytesValue;
import com.google.protobuf.StringValue;
import dev.weft.controlplane.ManualClock;
import dev.weft.controlplane.auth.CallerInterceptor;
import dev.weft.controlplane.auth.TokenAuthenticator;
import dev.weft.controlplane.auth.TokenReviews;
import dev.weft.controlplane.ca.CertificateAuthority;
import dev.weft.controlplane.ca.CertificateService;
import dev.weft.controlplane.ca.ServingCertificate;
import dev.weft.controlplane.ca.TestRoot;
import dev.weft.controlplane.ca.TrustRoot;
import dev.weft.controlplane.revision.RevisionSettings;
import dev.weft.controlplane.revision.RevisionSource;
import io.fabric8.kubernetes.api.model.ResourceRequirements;
import io.grpc.CallOptions;
import io.grpc.ClientInterceptors;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.ExtensionsGenerator;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A proxy's first minute, over real sockets and real TLS.
class GrpcServerIT {
    private static final String NAME = "weft-control-plane-0-2-0.weft-system.svc";
    private static final String AUDIENCE = "weft.dev/control-plane";
    private static final Duration LEAF = Duration.ofMinutes(10);
    private static final String OWN_ID = "spiffe://mesh.example/ns/shop/sa/cart";

    @TempDir Path folder;

    // TLS clients look at the real clock.
    private final ManualClock clock = new ManualClock(Instant.now());
    private final AtomicReference<TokenReviews.Review> answer =
            new AtomicReference<>(
                    new TokenReviews.Review.Good(
                            "system:serviceaccount:shop:cart",
                            List.of(AUDIENCE),
                            Optional.of("cart-7"),
                            Optional.of("uid-7")));
    private final List<ManagedChannel> channels = new ArrayList<>();
    private TrustRoot root;
    private CertificateAuthority authority;
    private ServingCertificate serving;
    private GrpcServer server;

    @BeforeEach
    void start() throws Exception {
        root = TestRoot.create(clock.instant(), Duration.ofDays(30));
        TestRoot.write(root, folder);
        authority = new CertificateAuthority(folder, clock);
        authority.refresh();
        serving = new ServingCertificate(authority, List.of(NAME), clock);
        serving.renewIfDue();
        var meters = new SimpleMeterRegistry();
        var tokens = new TokenAuthenticator((token, audience) -> answer.get(), AUDIENCE, clock);
        var caller = new CallerInterceptor(tokens, authority::roots, new Settled(), clock, meters);
        server =
                new GrpcServer(
                        0,
                        serving.keyManager(),
                        caller,
                        List.of(new CertificateService(authority, new Settled(), clock, meters)));
        server.start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        for (var channel : channels) {
            channel.shutdownNow();
            channel.awaitTermination(5, TimeUnit.SECONDS);
        }
        server.close();
    }

    @Test
    void a_token_brings_the_first_certificate_and_that_one_the_next() throws Exception {
        var pair = TestRoot.p256();

        var first = sign(channel(null, null), "token", csr(pair));
        var second = sign(channel(first, pair), null, csr(pair, OWN_ID));

        for (var leaf : List.of(first, second)) {
            leaf.verify(root.signer().getPublicKey());
            assertThat(leaf.getPublicKey()).isEqualTo(pair.getPublic());
            assertThat(leaf.getSubjectAlternativeNames()).hasToString("[[6, " + OWN_ID + "]]");
            assertThat(leaf.getNotAfter().toInstant())
                    .isCloseTo(clock.instant().plus(LEAF), within(Duration.ofSeconds(1)));
        }
        assertThat(second.getSerialNumber()).isNotEqualTo(first.getSerialNumber());
    }

    @Test
    void nobody_gets_nothing_and_hears_what_to_present() throws Exception {
        refused(
                channel(null, null),
                null,
                csr(TestRoot.p256()),
                Status.Code.UNAUTHENTICATED,
                "/var/run/secrets/weft/token");
    }

    @Test
    void somebody_elses_identity_is_denied_to_certificate_and_token_alike() throws Exception {
        var pair = TestRoot.p256();
        var own = sign(channel(null, null), "token", csr(pair));
        var foreign = csr(pair, "spiffe://mesh.example/ns/bank/sa/till");

        refused(
                channel(null, null),
                "token",
                foreign,
                Status.Code.PERMISSION_DENIED,
                "a CSR for somebody else's identity");
        refused(
                channel(own, pair),
                null,
                foreign,
                Status.Code.PERMISSION_DENIED,
                "the caller is " + OWN_ID);
    }

    @Test
    void a_token_of_another_audience_is_refused_with_a_message() throws Exception {
        answer.set(
                new TokenReviews.Review.Bad("token audiences is invalid for the target audiences"));
        var claims = "{\"aud\":[\"other\"]}".getBytes(StandardCharsets.UTF_8);
        var token = "e30." + java.util.Base64.getUrlEncoder().encodeToString(claims) + ".c2ln";

        refused(
                channel(null, null),
                token,
                csr(TestRoot.p256()),
                Status.Code.UNAUTHENTICATED,
                "[\"other\"]");
    }

    @Test
    void a_certificate_of_another_root_makes_nobody_of_the_caller_but_a_token_still_does()
            throws Exception {
        var pair = TestRoot.p256();
        var own = sign(channel(null, null), "token", csr(pair));
        TestRoot.write(TestRoot.create(clock.instant(), Duration.ofDays(1)), folder);
        authority.refresh();

        refused(
                channel(own, pair),
                null,
                csr(pair),
                Status.Code.UNAUTHENTICATED,
                "not valid in this mesh");
        assertThat(sign(channel(own, pair), "token", csr(pair)).getPublicKey())
                .isEqualTo(pair.getPublic());
    }

    @Test
    void a_certificate_that_ran_out_makes_nobody_of_the_caller_but_a_token_still_does()
            throws Exception {
        var pair = TestRoot.p256();
        var own = sign(channel(null, null), "token", csr(pair));
        clock.advance(LEAF.plusSeconds(1));

        refused(
                channel(own, pair),
                null,
                csr(pair),
                Status.Code.UNAUTHENTICATED,
                "not valid in this mesh");
        assertThat(sign(channel(own, pair), "token", csr(pair)).getPublicKey())
                .isEqualTo(pair.getPublic());
    }

    @Test
    void a_connection_outlives_the_certificate_that_opened_it() throws Exception {
        var pair = TestRoot.p256();
        var channel = channel(sign(channel(null, null), "token", csr(pair)), pair);
        sign(channel, null, csr(pair));

        clock.advance(LEAF.plusSeconds(1));

        assertThat(sign(channel, null, csr(pair)).getNotAfter().toInstant())
                .isAfter(clock.instant());
    }

    @Test
    void the_control_planes_own_leaf_is_nobodys_identity() throws Exception {
        var keys = serving.keyManager();
        var leaf = requireNonNull(keys.getCertificateChain("serving"))[0];
        var channel =
                channel(
                        leaf,
                        new KeyPair(
                                leaf.getPublicKey(),
                                requireNonNull(keys.getPrivateKey("serving"))));

        refused(
                channel,
                null,
                csr(TestRoot.p256()),
                Status.Code.UNAUTHENTICATED,
                "no single SPIFFE id");
    }

    @Test
    void a_pod_that_asks_again_and_again_is_told_to_wait() throws Exception {
        var channel = channel(null, null);
        var request = csr(TestRoot.p256());
        for (var n = 0; n < 10; n++) {
            sign(channel, "token", request);
        }

        refused(channel, "token", request, Status.Code.RESOURCE_EXHAUSTED, "try again in 5 s");
    }

    @Test
    void a_message_over_the_limit_is_refused() throws Exception {
        refused(
                channel(null, null),
                "token",
                new byte[GrpcServer.MAX_MESSAGE_BYTES + 1],
                Status.Code.RESOURCE_EXHAUSTED,
                "exceeds maximum");
    }

    @Test
    void the_serving_leaf_is_swapped_without_a_restart() throws Exception {
        var before = servedLeaf();

        clock.advance(Duration.ofHours(13));
        serving.renewIfDue();

        assertThat(servedLeaf()).isNotEqualTo(before);
        assertThat(servedLeaf().getNotAfter().toInstant())
                .isAfter(before.getNotAfter().toInstant());
    }

    private X509Certificate servedLeaf() throws Exception {
        var context = SSLContext.getInstance("TLSv1.3");
        context.init(null, new javax.net.ssl.TrustManager[] {new LooksOnly()}, null);
        try (var socket =
                (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", server.port())) {
            socket.startHandshake();
            return (X509Certificate) socket.getSession().getPeerCertificates()[0];
        }
    }

    private static org.assertj.core.data.TemporalUnitOffset within(Duration duration) {
        return new org.assertj.core.data.TemporalUnitWithinOffset(
                duration.toMillis(), java.time.temporal.ChronoUnit.MILLIS);
    }

    private ManagedChannel channel(@Nullable X509Certificate certificate, @Nullable KeyPair pair)
            throws Exception {
        var tls =
                GrpcSslContexts.configure(GrpcSslContexts.forClient(), SslProvider.JDK)
                        .trustManager(root.signer());
        if (certificate != null && pair != null) {
            tls.keyManager(pair.getPrivate(), certificate);
        }
        var channel =
                NettyChannelBuilder.forAddress("127.0.0.1", server.port())
                        .overrideAuthority(NAME)
                        .sslContext(tls.build())
                        .build();
        channels.add(channel);
        return channel;
    }

    private static X509Certificate sign(ManagedChannel channel, @Nullable String token, byte[] csr)
            throws Exception {
        var headers = new Metadata();
        if (token != null) {
            headers.put(
                    Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER),
                    "Bearer " + token);
        }
        var called =
                ClientInterceptors.intercept(
                        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
        StringValue chain =
                ClientCalls.blockingUnaryCall(
                        called,
                        CertificateService.SIGN,
                        CallOptions.DEFAULT.withDeadlineAfter(20, TimeUnit.SECONDS),
                        BytesValue.of(ByteString.copyFrom(csr)));
        return (X509Certificate)
                CertificateFactory.getInstance("X.509")
                        .generateCertificate(
                                new ByteArrayInputStream(
                                        chain.getValue().getBytes(StandardCharsets.US_ASCII)));
    }

    private static void refused(
            ManagedChannel channel,
            @Nullable String token,
            byte[] csr,
            Status.Code code,
            String word) {
        var failure =
                catchThrowableOfType(StatusRuntimeException.class, () -> sign(channel, token, csr));
        assertThat(failure.getStatus().getCode()).as(failure.getMessage()).isEqualTo(code);
        assertThat(failure.getStatus().getDescription()).contains(word);
    }

    private static byte[] csr(KeyPair pair, String... uris) throws Exception {
        var builder = new JcaPKCS10CertificationRequestBuilder(new X500Name(""), pair.getPublic());
        if (uris.length > 0) {
            var names = new GeneralName[uris.length];
            for (var n = 0; n < uris.length; n++) {
                names[n] = new GeneralName(GeneralName.uniformResourceIdentifier, uris[n]);
            }
            var extensions = new ExtensionsGenerator();
            extensions.addExtension(
                    Extension.subjectAlternativeName, false, new GeneralNames(names));
            builder.addAttribute(
                    PKCSObjectIdentifiers.pkcs_9_at_extensionRequest, extensions.generate());
        }
        return builder.build(
                        new JcaContentSignerBuilder("SHA256withECDSA").build(pair.getPrivate()))
                .getEncoded();
    }

    private static final class Settled implements RevisionSource {
        @Override
        public RevisionSettings current() {
            return new RevisionSettings(
                    1,
                    "0.2.0",
                    "mesh.example",
                    RevisionSettings.MtlsMode.STRICT,
                    RevisionSettings.Mode.MESH,
                    LEAF,
                    "image",
                    new ResourceRequirements(),
                    true,
                    List.of());
        }

        @Override
        public void onChange(Runnable listener) {}
    }
}
