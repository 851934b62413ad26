package dev.weft.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.util.Durations;
import dev.weft.proxy.testing.Eventually;
import dev.weft.proxy.testing.KernelSockets;
import dev.weft.proxy.testing.Sockets;
import io.envoyproxy.envoy.config.core.v3.HealthStatus;
import io.envoyproxy.envoy.config.route.v3.RetryPolicy;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager;
import io.envoyproxy.envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager.CodecType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// An endpoint whose address nobody answers at any more, as that of a pod that is gone.
class LeftEndpointIT {
    /// Much less than the connect timeout.
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final OneProxy proxy = new OneProxy();
    private final List<Socket> queued = new ArrayList<>();
    private ServerSocket gone;

    @BeforeEach
    void fillItsQueue() throws IOException {
        gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        queued.addAll(Sockets.fillQueue(gone));
    }

    @AfterEach
    void stop() throws IOException {
        proxy.close();
        for (var socket : queued) {
            socket.close();
        }
        gone.close();
    }

    @Test
    void who_waits_for_an_endpoint_that_leaves_goes_to_another_one() throws Exception {
        try (var app = new TestApp("app")) {
            calling(CodecType.HTTP1);
            var answer = proxy.send();
            Eventually.holds(
                    () -> assertThat(KernelSockets.dials(gone.getLocalPort())).isPositive());

            endpoint(app.port());

            assertThat(answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS).body()).isEqualTo("app");
        }
    }

    @Test
    void so_it_does_over_http_2() throws Exception {
        try (var app = new H2cApp()) {
            calling(CodecType.HTTP2);
            try (var client = new RawHttp2(proxy.port())) {
                client.get(1, "/");
                client.flush();
                Eventually.holds(
                        () -> assertThat(KernelSockets.dials(gone.getLocalPort())).isPositive());

                endpoint(app.port());

                var answer = client.await(frame -> frame.is(RawHttp2.DATA, 1));
                assertThat(answer.payload()).asString().isEqualTo("hello");
            }
        }
    }

    private void calling(CodecType codec) {
        proxy.cluster(
                Xds.edsCluster("app", TwoProxies.SERVER_ID)
                        .setConnectTimeout(Durations.fromMinutes(2)));
        endpoint(gone.getLocalPort());
        var retrying =
                Xds.cluster("app")
                        .setTimeout(Durations.ZERO)
                        .setRetryPolicy(RetryPolicy.newBuilder().setRetryOn("connect-failure"));
        proxy.http(HttpConnectionManager.newBuilder().setCodecType(codec), Xds.to(retrying));
    }

    private void endpoint(int port) {
        proxy.side.endpoints(
                "app", Xds.endpoints("app", Xds.endpoint(port, false, HealthStatus.HEALTHY)));
    }
}
