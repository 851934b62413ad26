package dev.weft.proxy;

import dev.weft.proxy.identity.MeshTls;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/// Mesh TLS of one workload, with a certificate that lives as long as the test.
final class TestTls implements MeshTls {
    private static final Authority AUTHORITY = new Authority();

    private final KeyPair key = newKey();
    private final X509Certificate certificate;

    TestTls(String spiffeId) {
        certificate = AUTHORITY.sign(key, spiffeId);
    }

    @Override
    public SslContext server(List<String> alpn) {
        return server(alpn, List.of());
    }

    @Override
    public SslContext client(String alpn) {
        return client(alpn, List.of());
    }

    @Override
    public SslContext server(List<String> alpn, List<String> groups) {
        try {
            return with(groups, SslContextBuilder.forServer(key.getPrivate(), certificate))
                    .sslProvider(SslProvider.OPENSSL)
                    .protocols("TLSv1.3")
                    .clientAuth(ClientAuth.REQUIRE)
                    .trustManager(AUTHORITY.certificate)
                    .applicationProtocolConfig(alpn(alpn))
                    .build();
        } catch (SSLException broken) {
            throw new IllegalStateException(broken);
        }
    }

    @Override
    public SslContext client(String alpn, List<String> groups) {
        return client(alpn, SslProvider.OPENSSL, "TLSv1.3", groups);
    }

    SslContext client(String alpn, SslProvider provider, String version) {
        return client(alpn, provider, version, List.of());
    }

    private SslContext client(
            String alpn, SslProvider provider, String version, List<String> groups) {
        try {
            return with(groups, SslContextBuilder.forClient())
                    .sslProvider(provider)
                    .protocols(version)
                    .keyManager(key.getPrivate(), certificate)
                    .trustManager(AUTHORITY.certificate)
                    .endpointIdentificationAlgorithm(null)
                    .applicationProtocolConfig(alpn(List.of(alpn)))
                    .build();
        } catch (SSLException broken) {
            throw new IllegalStateException(broken);
        }
    }

    /// What a client says first, as a whole.
    byte[] clientHello(String alpn) {
        return firstWord(channel -> client(alpn).newHandler(channel.alloc()));
    }

    /// @param asked the server's name
    byte[] clientHello(String alpn, String asked) {
        return firstWord(channel -> client(alpn).newHandler(channel.alloc(), asked, 443));
    }

    private static byte[] firstWord(Function<EmbeddedChannel, SslHandler> tls) {
        var client = new EmbeddedChannel();
        client.pipeline().addLast(tls.apply(client));
        ByteBuf said = client.readOutbound();
        try {
            return ByteBufUtil.getBytes(said);
        } finally {
            said.release();
            client.finishAndReleaseAll();
        }
    }

    private static SslContextBuilder with(List<String> groups, SslContextBuilder builder) {
        return groups.isEmpty()
                ? builder
                : builder.option(OpenSslContextOption.GROUPS, groups.toArray(String[]::new));
    }

    @Override
    public Optional<String> spiffeId(SSLSession session) {
        try {
            var leaf = (X509Certificate) session.getPeerCertificates()[0];
            return leaf.getSubjectAlternativeNames().stream()
                    .filter(name -> name.get(0).equals(GeneralName.uniformResourceIdentifier))
                    .map(name -> (String) name.get(1))
                    .findFirst();
        } catch (SSLPeerUnverifiedException | CertificateParsingException none) {
            return Optional.empty();
        }
    }

    private static ApplicationProtocolConfig alpn(List<String> protocols) {
        return protocols.isEmpty()
                ? ApplicationProtocolConfig.DISABLED
                : new ApplicationProtocolConfig(
                        ApplicationProtocolConfig.Protocol.ALPN,
                        ApplicationProtocolConfig.SelectorFailureBehavior.NO_ADVERTISE,
                        ApplicationProtocolConfig.SelectedListenerFailureBehavior.ACCEPT,
                        protocols);
    }

    private static KeyPair newKey() {
        try {
            var generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(256);
            return generator.generateKeyPair();
        } catch (java.security.NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static final class Authority {
        private static final X500Name NAME = new X500Name("CN=test root");

        private final KeyPair key = newKey();
        private final X509Certificate certificate = root();

        private X509Certificate root() {
            try {
                var builder = builder(NAME, key);
                builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
                return signed(builder);
            } catch (java.io.IOException broken) {
                throw new IllegalStateException(broken);
            }
        }

        X509Certificate sign(KeyPair subject, String spiffeId) {
            try {
                var builder = builder(new X500Name("CN=leaf"), subject);
                builder.addExtension(
                        Extension.subjectAlternativeName,
                        true,
                        new GeneralNames(
                                new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId)));
                return signed(builder);
            } catch (java.io.IOException broken) {
                throw new IllegalStateException(broken);
            }
        }

        private JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair subjectKey) {
            var now = Instant.now();
            return new JcaX509v3CertificateBuilder(
                    NAME,
                    BigInteger.valueOf(System.nanoTime()),
                    Date.from(now.minus(1, ChronoUnit.HOURS)),
                    Date.from(now.plus(1, ChronoUnit.HOURS)),
                    subject,
                    subjectKey.getPublic());
        }

        private X509Certificate signed(JcaX509v3CertificateBuilder builder) {
            try {
                var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(key.getPrivate());
                return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
            } catch (org.bouncycastle.operator.OperatorCreationException
                    | java.security.cert.CertificateException broken) {
                throw new IllegalStateException(broken);
            }
        }
    }
}
