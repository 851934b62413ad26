package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConnectTimeoutIT {
    private final OneProxy proxy = new OneProxy();
    private ServerSocket silent;

    @BeforeEach
    void start() throws IOException {
        silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    @AfterEach
    void stop() throws IOException {
        silent.close();
        proxy.close();
    }

    @Test
    void an_endpoint_that_is_silent_in_the_tls_handshake_has_no_longer_than_a_connection_may_take()
            throws Exception {
        proxy.cluster(
                        Xds.staticCluster("app", silent.getLocalPort())
                                .setConnectTimeout(
                                        com.google.protobuf.Duration.newBuilder()
                                                .setNanos(300_000_000))
                                .setTransportSocket(Xds.mesh(TwoProxies.SERVER_ID)))
                .http(Xds.cluster("app"));
        var began = System.nanoTime();

        var answer = proxy.get();

        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(Duration.ofNanos(System.nanoTime() - began))
                .isBetween(Duration.ofMillis(290), Duration.ofSeconds(8));
        assertThat(proxy.told(0).flags()).isEqualTo("UF");
    }
}
