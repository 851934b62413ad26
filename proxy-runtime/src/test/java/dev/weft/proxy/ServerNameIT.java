package dev.weft.proxy;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.BoolValue;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.testing.Eventually;
import dev.weft.proxy.testing.TestAuthority;
import io.envoyproxy.envoy.config.core.v3.TrafficDirection;
import io.envoyproxy.envoy.config.listener.v3.FilterChain;
import io.envoyproxy.envoy.config.listener.v3.FilterChainMatch;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.envoyproxy.envoy.config.listener.v3.ListenerFilter;
import io.envoyproxy.envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// TLS of the applications' own, passed on to the one whose name the client asks for. Clients
/// verify that application's certificate themselves.
class ServerNameIT {
    private static final int LIMIT_MILLIS = 10_000;
    private static final String EXACT = "one.example.com";
    private static final String WILD = "a.two.example.com";
    private static final String OTHER = "other.example.com";
    private static final InetSocketAddress SERVICE = new InetSocketAddress("10.9.9.9", 443);

    private final TestAuthority authority = new TestAuthority("applications");
    private TwoProxies.Side proxy = new TwoProxies.Side(TwoProxies.SERVER_ID);
    private TlsBackend one;
    private TlsBackend two;
    private TlsBackend other;

    /// How what clients say comes to the proxy.
    enum Segments {
        AS_SENT,
        OF_ONE_BYTE
    }

    @BeforeEach
    void start() throws Exception {
        one = new TlsBackend(authority, "one", EXACT);
        two = new TlsBackend(authority, "two", "*.two.example.com");
        other = new TlsBackend(authority, "other", OTHER);
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        one.close();
        two.close();
        other.close();
    }

    @ParameterizedTest
    @EnumSource
    void a_client_reaches_the_server_that_it_asks_for(Segments segments) throws Exception {
        serving(listener());
        try (var hop = way(segments)) {
            assertThat(ask(hop.port(), EXACT, EXACT)).isEqualTo("one heard hello");
            assertThat(told(0)).isEqualTo("TLS one.example.com one -");

            assertThat(ask(hop.port(), WILD, WILD)).isEqualTo("two heard hello");
            assertThat(told(1)).isEqualTo("TLS a.two.example.com two -");

            assertThat(ask(hop.port(), "ONE.Example.Com", EXACT)).isEqualTo("one heard hello");
            assertThat(told(2)).isEqualTo("TLS one.example.com one -");
        }
    }

    @ParameterizedTest
    @EnumSource
    void who_asks_for_an_unknown_server_or_for_none_is_refused_without_a_default(Segments segments)
            throws Exception {
        serving(listener());
        try (var hop = way(segments)) {
            assertThatThrownBy(() -> ask(hop.port(), "two.example.com", OTHER))
                    .isInstanceOf(IOException.class);
            assertThat(told(0)).isEqualTo("TCP two.example.com  NR");

            assertThatThrownBy(() -> ask(hop.port(), null, OTHER)).isInstanceOf(IOException.class);
            assertThat(told(1)).isEqualTo("TCP   NR");
        }
    }

    @ParameterizedTest
    @EnumSource
    void who_asks_for_an_unknown_server_or_for_none_gets_the_default(Segments segments)
            throws Exception {
        serving(listener().setDefaultFilterChain(Xds.chain(Xds.tcp("other"))));
        try (var hop = way(segments)) {
            assertThat(ask(hop.port(), OTHER, OTHER)).isEqualTo("other heard hello");
            assertThat(told(0)).isEqualTo("TLS other.example.com other -");

            assertThat(ask(hop.port(), null, OTHER)).isEqualTo("other heard hello");
            assertThat(told(1)).isEqualTo("TLS  other -");

            assertThat(ask(hop.port(), EXACT, EXACT)).isEqualTo("one heard hello");
        }
    }

    @Test
    void the_client_knows_if_it_has_come_to_another_server() {
        serving(listener().setDefaultFilterChain(Xds.chain(Xds.tcp("other"))));

        assertThatThrownBy(() -> ask(proxy.port("tls"), "four.example.com", "four.example.com"))
                .isInstanceOf(SSLException.class);
    }

    @Test
    void who_is_late_still_reaches_the_server_that_it_asks_for() throws Exception {
        serving(
                Xds.sniffing(passing(Xds.listener("tls", 0)), 50)
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("silent"))));
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            silent.setSoTimeout(LIMIT_MILLIS);
            cluster("silent", silent.getLocalPort());
            try (var tcp = connect(proxy.port("tls"));
                    var offered = silent.accept()) {
                assertThat(ask(tcp, EXACT, EXACT)).isEqualTo("one heard hello");

                assertThat(offered.getInputStream().read()).isEqualTo(-1);
            }
        }
        assertThat(told(0)).isEqualTo("TLS one.example.com one -");
    }

    /// What follows the ClientHello here no TLS stack would say.
    @ParameterizedTest
    @EnumSource
    void every_byte_comes_as_it_was_sent_and_an_end_leaves_the_other_side_talking(Segments segments)
            throws Exception {
        serving(listener());
        var sent = Unpooled.copiedBuffer(hello(WILD), "and so on\r\n\u0000".getBytes(US_ASCII));
        var answer = new byte[] {22, 3, 3, 0};
        try (var raw = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                var hop = way(segments)) {
            raw.setSoTimeout(LIMIT_MILLIS);
            cluster("two", raw.getLocalPort());
            try (var client = connect(hop.port())) {
                client.getOutputStream().write(ByteBufUtil.getBytes(sent));
                client.shutdownOutput();
                try (var server = raw.accept()) {
                    assertThat(server.getInputStream().readAllBytes())
                            .asString(ISO_8859_1)
                            .isEqualTo(sent.toString(ISO_8859_1));
                    server.getOutputStream().write(answer);
                }
                assertThat(client.getInputStream().readAllBytes()).isEqualTo(answer);
            }
        }
        assertThat(told(0)).isEqualTo("TLS a.two.example.com two -");
        assertThat(proxy.log.connections.getFirst().bytesIn()).isEqualTo(sent.readableBytes());
        assertThat(proxy.log.connections.getFirst().bytesOut()).isEqualTo(answer.length);
    }

    @Test
    void a_client_hello_that_never_ends_is_bounded() throws Exception {
        serving(listener());
        try (var client = connect(proxy.port("tls"))) {
            var endless = new byte[64 * 1024];
            // A record of 16 KiB, and in it a ClientHello of as much.
            System.arraycopy(new byte[] {22, 3, 1, 0x40, 0, 1, 0, 0x40, 0}, 0, endless, 0, 9);
            try {
                client.getOutputStream().write(endless);
                assertThat(client.getInputStream().read()).isEqualTo(-1);
            } catch (IOException reset) {
                // As good.
            }
        }
        assertThat(told(0)).isEqualTo("TCP   NR");
        assertThat(ask(proxy.port("tls"), EXACT, EXACT)).isEqualTo("one heard hello");
    }

    @Test
    void a_redirected_client_reaches_the_server_that_it_asks_for() throws Exception {
        proxy.close();
        proxy = new TwoProxies.Side(new TestTls(TwoProxies.SERVER_ID), _ -> SERVICE);
        serving(
                listener()
                        .setName("10.9.9.9_443")
                        .setAddress(Xds.address("10.9.9.9", 443))
                        .setBindToPort(BoolValue.of(false)));
        proxy.listener(
                "tls",
                Xds.listener("tls", 0)
                        .setUseOriginalDst(BoolValue.of(true))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("other")))
                        .build());

        assertThat(ask(proxy.port("tls"), EXACT, EXACT)).isEqualTo("one heard hello");
        assertThat(ask(proxy.port("tls"), WILD, WILD)).isEqualTo("two heard hello");
        assertThatThrownBy(() -> ask(proxy.port("tls"), OTHER, OTHER))
                .isInstanceOf(IOException.class);
    }

    @Test
    void a_name_may_choose_a_chain_that_ends_mesh_tls() throws Exception {
        var http =
                Xds.http(CodecType.HTTP1)
                        .setRouteConfig(Xds.routes("r", Xds.to(Xds.cluster("app"))))
                        .build();
        try (var app = new TestApp("app")) {
            cluster("app", app.port());
            serving(
                    listener()
                            .setTrafficDirection(TrafficDirection.INBOUND)
                            .addFilterChains(
                                    named(Xds.meshChain("weft1-http/1.1", http), "three.example")));

            assertThat(askAsPeer("three.example")).startsWith("HTTP/1.1 200 ");
            assertThat(ask(proxy.port("tls"), EXACT, EXACT)).isEqualTo("one heard hello");
        }
        assertThat(proxy.log.requests.getFirst().peer()).isEqualTo(TwoProxies.CLIENT_ID);
    }

    private void serving(Listener.Builder listener) {
        cluster("one", one.port());
        cluster("two", two.port());
        cluster("other", other.port());
        proxy.listener(listener.getName(), listener.build());
    }

    private void cluster(String name, int port) {
        proxy.cluster(name, Xds.staticCluster(name, port).build());
    }

    private static Listener.Builder listener() {
        return passing(Xds.listener("tls", 0))
                .addListenerFilters(
                        ListenerFilter.newBuilder()
                                .setName("tls_inspector")
                                .setTypedConfig(Any.pack(TlsInspector.getDefaultInstance())));
    }

    private static Listener.Builder passing(Listener.Builder listener) {
        return listener.addFilterChains(Xds.passing("two", "*.two.example.com"))
                .addFilterChains(Xds.passing("one", "one.example.com", "uno.example.com"));
    }

    private static FilterChain.Builder named(FilterChain.Builder chain, String serverName) {
        return chain.setFilterChainMatch(FilterChainMatch.newBuilder().addServerNames(serverName));
    }

    private Hop way(Segments segments) throws IOException {
        var port = proxy.port("tls");
        return new Hop((socket, _) -> {
            try (var onwards = connect(port)) {
                if (segments == Segments.OF_ONE_BYTE) {
                    Hop.passByteByByte(socket, onwards);
                } else {
                    Hop.pass(socket, onwards);
                }
            }
        });
    }

    /// @param asked null: nobody is asked for
    /// @param expected whose certificate it has to be
    private String ask(int port, @Nullable String asked, String expected) throws Exception {
        try (var tcp = connect(port)) {
            return ask(tcp, asked, expected);
        }
    }

    private String ask(Socket tcp, @Nullable String asked, String expected) throws Exception {
        try (var socket =
                (SSLSocket)
                        TlsBackend.clients(authority)
                                .createSocket(tcp, expected, tcp.getPort(), true)) {
            var parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            parameters.setServerNames(asked == null ? List.of() : List.of(new SNIHostName(asked)));
            socket.setSSLParameters(parameters);
            socket.getOutputStream().write("hello".getBytes(US_ASCII));
            socket.shutdownOutput();
            return new String(socket.getInputStream().readAllBytes(), US_ASCII);
        }
    }

    /// By mesh TLS.
    private String askAsPeer(String asked) throws Exception {
        var tls = new TestTls(TwoProxies.CLIENT_ID).client("weft1-http/1.1");
        var answer = new CompletableFuture<String>();
        var client =
                new Bootstrap()
                        .group(proxy.loops)
                        .channel(EpollSocketChannel.class)
                        .handler(
                                new ChannelInitializer<SocketChannel>() {
                                    @Override
                                    protected void initChannel(SocketChannel channel) {
                                        channel.pipeline()
                                                .addLast(
                                                        tls.newHandler(channel.alloc(), asked, 443))
                                                .addLast(new Answer(answer));
                                    }
                                })
                        .connect(InetAddress.getLoopbackAddress(), proxy.port("tls"))
                        .sync()
                        .channel();
        client.writeAndFlush(
                Unpooled.copiedBuffer("GET / HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(US_ASCII)));
        try {
            return answer.get(10, TimeUnit.SECONDS);
        } finally {
            client.close();
        }
    }

    private static final class Answer extends ChannelInboundHandlerAdapter {
        private final CompletableFuture<String> first;

        Answer(CompletableFuture<String> first) {
            this.first = first;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            first.complete(((ByteBuf) message).toString(US_ASCII));
            ReferenceCountUtil.release(message);
        }

        @Override
        public void channelInactive(ChannelHandlerContext context) {
            first.completeExceptionally(new IOException("closed"));
        }
    }

    private static byte[] hello(String asked) {
        return new TestTls(TwoProxies.CLIENT_ID).clientHello("h2", asked);
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(LIMIT_MILLIS);
        return socket;
    }

    private String told(int number) {
        Eventually.holds(() -> assertThat(proxy.log.connections).hasSizeGreaterThan(number));
        ConnectionLog log = proxy.log.connections.get(number);
        return String.join(" ", log.protocol(), log.serverName(), log.cluster(), log.flags());
    }
}
