package dev.weft.proxy.identity;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.TestAuthority;
import dev.weft.proxy.testing.TestControlPlane;
import dev.weft.proxy.testing.TestMesh;
import dev.weft.proxy.testing.TestProxyCore;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MeshIdentityIT {
    private static final String ALPN = "weft1-h2";

    @TempDir Path folder;

    private TestMesh mesh;
    private TestControlPlane controlPlane;
    private TestProxyCore proxy;
    private final BlockingQueue<Object> handshakes = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> echoes = new LinkedBlockingQueue<>();

    @BeforeEach
    void start() {
        mesh = new TestMesh(folder);
        controlPlane = new TestControlPlane(mesh.authority).start();
        mesh.bootstrap("a", controlPlane.port());
        mesh.revision("a");
        proxy = new TestProxyCore(mesh);
    }

    @AfterEach
    void stop() {
        proxy.close();
        controlPlane.close();
    }

    @Test
    void has_no_tls_before_it_is_certified_and_mutual_tls_after() throws Exception {
        assertThat(tls().server(List.of(ALPN))).isNull();
        assertThat(tls().client(ALPN)).isNull();
        certified();

        var client = connect(listen(ALPN), clientContext());

        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isEqualTo(TestControlPlane.ID);
        var handler = Objects.requireNonNull(client.pipeline().get(SslHandler.class));
        assertThat(handler.applicationProtocol()).isEqualTo(ALPN);
        assertThat(handler.engine().getSession().getProtocol()).isEqualTo("TLSv1.3");
        assertThat(tls().spiffeId(handler.engine().getSession())).contains(TestControlPlane.ID);
    }

    @Test
    void a_server_that_names_no_protocol_takes_any() throws Exception {
        certified();

        var client = connect(listen(), clientContext());

        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isEqualTo(TestControlPlane.ID);
        var handler = Objects.requireNonNull(client.pipeline().get(SslHandler.class));
        assertThat(handler.applicationProtocol()).isNull();
    }

    @Test
    void renews_at_half_of_the_lifetime_and_leaves_live_connections_alone() throws Exception {
        controlPlane.lifetime = Duration.ofSeconds(3);
        certified();
        var client = connect(listen(ALPN), clientContext());
        handshakes.poll(10, TimeUnit.SECONDS);
        var first = proxy.certified.getFirst();

        eventually("five leaves in a row", () -> proxy.certified.size() >= 5);
        eventually("the connection's certificate has ended", () -> Instant.now().isAfter(first));

        client.writeAndFlush(Unpooled.copiedBuffer("still here", StandardCharsets.UTF_8));
        assertThat(echoes.poll(10, TimeUnit.SECONDS)).isEqualTo("still here");
        connect(listen(ALPN), clientContext());
        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isEqualTo(TestControlPlane.ID);
        assertThat(controlPlane.signedFor.getFirst()).isEqualTo("Bearer token-1");
        assertThat(controlPlane.signedFor.getLast()).isEqualTo("certificate");
        var ends = List.copyOf(proxy.certified);
        for (int i = 1; i < ends.size(); i++) {
            assertThat(ends.get(i))
                    .as("no leaf before the last one is half gone: %s", ends)
                    .isAfterOrEqualTo(ends.get(i - 1).plusSeconds(1));
        }
    }

    @Test
    void goes_on_asking_while_signing_fails() {
        controlPlane.signs = false;
        proxy.start();
        eventually("it is refused", () -> proxy.events.contains("signing failed"));

        controlPlane.signs = true;

        eventually("it is certified", () -> !proxy.certified.isEmpty());
    }

    @Test
    void is_itself_again_after_a_restart_without_a_control_plane() throws Exception {
        certified();
        eventually("the certificate is kept", () -> Files.exists(mesh.paths.identity()));
        proxy.close();
        controlPlane.stop();

        proxy = new TestProxyCore(mesh).start();

        assertThat(tls().client(ALPN)).isNotNull();
        assertThat(
                        PosixFilePermissions.toString(
                                Files.getPosixFilePermissions(mesh.paths.identity())))
                .isEqualTo("rw-------");
        connect(listen(ALPN), clientContext());
        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isEqualTo(TestControlPlane.ID);
    }

    @Test
    void takes_nothing_up_that_roots_of_another_day_do_not_trust() throws Exception {
        certified();
        eventually("the certificate is kept", () -> Files.exists(mesh.paths.identity()));
        proxy.close();
        controlPlane.stop();

        TestMesh.write(mesh.paths.roots(), new TestAuthority("next").rootPem());
        proxy = new TestProxyCore(mesh).start();

        assertThat(tls().client(ALPN)).isNull();
    }

    @Test
    void turns_away_a_peer_of_another_trust_domain_even_under_the_same_root() throws Exception {
        certified();
        int port = listen(ALPN);

        var stranger =
                mesh.authority.workload(
                        "spiffe://elsewhere.local/ns/shop/sa/web", Duration.ofHours(1));
        connect(port, contextOf(stranger, mesh.authority));

        assertThat(handshakes.poll(10, TimeUnit.SECONDS))
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.THROWABLE)
                .hasStackTraceContaining("not of trust domain cluster.local");
    }

    @Test
    void exchanges_keys_by_the_groups_that_it_is_told() throws Exception {
        certified();
        int port = listen(List.of("P-384"), ALPN);

        connect(port, clientContext("X25519"));
        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isInstanceOf(Throwable.class);
        handshakes.clear();
        connect(port, clientContext("X25519", "P-384"));
        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isEqualTo(TestControlPlane.ID);
        for (var group : List.of("X25519MLKEM768", "X25519", "P-256", "P-384", "P-521")) {
            connect(listen(List.of(group), ALPN), clientContext(group));
            assertThat(handshakes.poll(10, TimeUnit.SECONDS))
                    .as(group)
                    .isEqualTo(TestControlPlane.ID);
        }
    }

    @Test
    void turns_away_a_peer_of_another_root() throws Exception {
        certified();
        int port = listen(ALPN);

        var other = new TestAuthority("other");
        connect(
                port,
                contextOf(
                        other.workload(TestControlPlane.ID, Duration.ofHours(1)), mesh.authority));

        assertThat(handshakes.poll(10, TimeUnit.SECONDS)).isInstanceOf(Throwable.class);
    }

    @Test
    void takes_up_new_roots_without_a_restart() throws Exception {
        certified();
        var next = new TestAuthority("next");
        var peer = next.workload("spiffe://cluster.local/ns/shop/sa/peer", Duration.ofHours(1));
        var before = tls().server(List.of(ALPN));

        TestMesh.write(mesh.paths.roots(), mesh.authority.rootPem() + next.rootPem());
        eventually("the contexts are new", () -> tls().server(List.of(ALPN)) != before);

        connect(listen(ALPN), contextOf(peer, mesh.authority));
        assertThat(handshakes.poll(10, TimeUnit.SECONDS))
                .isEqualTo("spiffe://cluster.local/ns/shop/sa/peer");
    }

    private void certified() {
        proxy.start();
        eventually("the proxy is certified", () -> !proxy.certified.isEmpty());
    }

    private MeshTls tls() {
        return proxy.identity.tls();
    }

    private SslContext clientContext(String... groups) {
        return Objects.requireNonNull(tls().client(ALPN, List.of(groups)));
    }

    private static SslContext contextOf(TestAuthority.Certified peer, TestAuthority trusted)
            throws Exception {
        var roots = new Roots(List.of(trusted.root()));
        var id = SpiffeId.of(peer.certificate()).orElseThrow();
        var own = new Identity(peer.key(), List.of(peer.certificate()), id);
        // trusts the proxy's trust domain, whatever its own is
        return new TlsContexts(
                        new Identity(
                                own.key(), own.chain(), new SpiffeId("cluster.local", id.uri())),
                        roots)
                .client(ALPN, List.of());
    }

    private int listen(String... alpn) {
        return listen(List.of(), alpn);
    }

    private int listen(List<String> groups, String... alpn) {
        var server =
                new ServerBootstrap()
                        .group(proxy.loop)
                        .channel(EpollServerSocketChannel.class)
                        .childHandler(
                                new ChannelInitializer<Channel>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline()
                                                .addLast(
                                                        Objects.requireNonNull(
                                                                        tls().server(
                                                                                        List.of(
                                                                                                alpn),
                                                                                        groups))
                                                                .newHandler(channel.alloc()))
                                                .addLast(new Echo());
                                    }
                                })
                        .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))
                        .syncUninterruptibly()
                        .channel();
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    private Channel connect(int port, SslContext context) {
        return new Bootstrap()
                .group(proxy.loop)
                .channel(EpollSocketChannel.class)
                .handler(
                        new ChannelInitializer<Channel>() {
                            @Override
                            protected void initChannel(Channel channel) {
                                channel.pipeline()
                                        .addLast(context.newHandler(channel.alloc()))
                                        .addLast(
                                                new ChannelInboundHandlerAdapter() {
                                                    @Override
                                                    public void channelRead(
                                                            ChannelHandlerContext c,
                                                            Object message) {
                                                        echoes.add(
                                                                ((ByteBuf) message)
                                                                        .toString(
                                                                                StandardCharsets
                                                                                        .UTF_8));
                                                        ((ByteBuf) message).release();
                                                    }

                                                    @Override
                                                    public void exceptionCaught(
                                                            ChannelHandlerContext c,
                                                            Throwable cause) {
                                                        c.close();
                                                    }
                                                });
                            }
                        })
                .connect(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port))
                .syncUninterruptibly()
                .channel();
    }

    /// Sends back what it gets, and notes who has come.
    private final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext context, Object event) {
            if (event instanceof SslHandshakeCompletionEvent completed) {
                var session = context.pipeline().get(SslHandler.class).engine().getSession();
                handshakes.add(
                        completed.isSuccess()
                                ? tls().spiffeId(session).orElse("nobody")
                                : completed.cause());
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }
}
