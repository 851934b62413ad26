package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.testing.Eventually;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Clients of the inbound side that begin a TLS handshake and do not go on.
class HandshakeTimeoutIT {
    private static final Duration SHORT = Duration.newBuilder().setNanos(100_000_000).build();

    /// For a handshake on a machine that has other work.
    private static final Duration LONGER = Duration.newBuilder().setSeconds(2).build();

    private static final Duration SNIFFING = Duration.newBuilder().setSeconds(15).build();
    private static final int PATIENCE_MILLIS = 10_000;
    private static final int PART = 100;

    private final TwoProxies mesh = new TwoProxies();
    private final TestApp app = new TestApp("app");

    enum Mode {
        PERMISSIVE,
        STRICT
    }

    @AfterEach
    void stop() {
        mesh.close();
        app.close();
    }

    @ParameterizedTest
    @EnumSource
    void half_a_client_hello_is_closed(Mode mode) throws Exception {
        serving(mode, SHORT);

        isClosed(Arrays.copyOf(clientHello(), PART));

        var told = told();
        assertThat(told.flags()).isEqualTo("DPE");
        assertThat(told.bytesIn()).isEqualTo(PART);
        assertThat(told.mtls()).isFalse();
        assertThat(app.requests).hasValue(0);
    }

    @ParameterizedTest
    @EnumSource
    void so_is_a_client_that_does_not_answer_the_server(Mode mode) throws Exception {
        serving(mode, SHORT);

        isClosed(clientHello());

        assertThat(told().flags()).isEqualTo("DPE");
        assertThat(told().mtls()).isTrue();
    }

    @Test
    void a_connection_that_is_made_in_time_stays() throws Exception {
        serving(Mode.STRICT, LONGER);
        var made = new AtomicInteger();
        try (var hop =
                        new Hop((socket, _) -> {
                            made.incrementAndGet();
                            Hop.pass(socket, connect(mesh.inboundPort()));
                        });
                var client = connect(mesh.calling(hop.port()).outboundPort())) {
            isServed(client);
            isClosed(clientHello());

            isServed(client);
        }
        assertThat(made).hasValue(1);
        assertThat(told().flags()).isEqualTo("DPE");
    }

    /// As the contract has it, with this time for handshakes.
    private void serving(Mode mode, Duration handshake) {
        var listener = ((Listener) mesh.inboundListener(0)).toBuilder();
        if (mode == Mode.STRICT) {
            listener.setListenerFiltersTimeout(SNIFFING)
                    .setContinueOnListenerFiltersTimeout(false)
                    .clearDefaultFilterChain()
                    .removeFilterChains(listener.getFilterChainsCount() - 1);
        }
        for (var chain : listener.getFilterChainsBuilderList()) {
            chain.setTransportSocketConnectTimeout(handshake);
        }
        mesh.inbound.cluster("inbound", Xds.staticCluster("inbound", app.port()).build());
        mesh.inbound.listener("inbound-listener", listener.build());
    }

    private void isServed(Socket client) throws IOException {
        client.getOutputStream()
                .write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        var answer = new StringBuilder();
        while (answer.indexOf("\r\n\r\napp") < 0) {
            var next = client.getInputStream().read();
            assertThat(next).as("after %s", answer).isNotNegative();
            answer.append((char) next);
        }
        assertThat(answer).startsWith("HTTP/1.1 200 ");
    }

    /// What a peer says first.
    private static byte[] clientHello() {
        return new TestTls(TwoProxies.CLIENT_ID).clientHello("weft1-http/1.1");
    }

    private void isClosed(byte[] said) throws IOException {
        try (var client = connect(mesh.inboundPort())) {
            client.getOutputStream().write(said);
            client.getInputStream().readAllBytes();
        } catch (SocketException reset) {
            // As good.
        }
    }

    private static Socket connect(int port) throws IOException {
        var socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(PATIENCE_MILLIS);
        return socket;
    }

    private ConnectionLog told() {
        Eventually.holds(() -> assertThat(mesh.inbound.log.connections).hasSize(1));
        return mesh.inbound.log.connections.getFirst();
    }
}
