package dev.weft.proxy;

import static dev.weft.proxy.testing.Eventually.eventually;
import static dev.weft.proxy.testing.Sockets.freePort;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.BoolValue;
import dev.weft.proxy.accept.Acceptor;
import dev.weft.proxy.cluster.LocalAddresses;
import dev.weft.proxy.config.ConfigStore;
import dev.weft.proxy.worker.EpollLoops;
import io.envoyproxy.envoy.config.listener.v3.AdditionalAddress;
import io.envoyproxy.envoy.config.listener.v3.Listener;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A listener with `additional_addresses`.
class AdditionalAddressesIT {
    private static final InetSocketAddress SECOND = new InetSocketAddress("10.9.9.10", 80);

    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollLoops.newFactory());
    private DataPlane plane;
    private ServerSocket greeter;

    @BeforeEach
    void start() throws IOException {
        greeter = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::greet);
        plane =
                new DataPlane(
                        new TestTls("spiffe://test/ns/a/sa/a"),
                        new TwoProxies.Log(),
                        loops,
                        _ -> SECOND,
                        new LocalAddresses(Set.of()));
        plane.start();
        apply(ConfigStore.CLUSTER, "app", Xds.staticCluster("app", greeter.getLocalPort()).build());
    }

    @AfterEach
    void stop() throws IOException {
        plane.close();
        greeter.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void it_accepts_at_each_of_them_for_as_long_as_it_has_them() throws IOException {
        int first = freePort();
        int second = freePort();
        int third = freePort();
        var listener = listener("web", "127.0.0.1", first);
        var more = List.of(additional("127.0.0.1", second), additional("::1", third));

        apply(ConfigStore.LISTENER, "web", listener.addAllAdditionalAddresses(more).build());

        eventually("the first is served", () -> served("127.0.0.1", first));
        eventually("the second is served", () -> served("127.0.0.1", second));
        eventually("the third is served", () -> served("::1", third));

        apply(
                ConfigStore.LISTENER,
                "web",
                listener.clearAdditionalAddresses().addAdditionalAddresses(more.getLast()).build());

        eventually("the second is closed", () -> !served("127.0.0.1", second));
        assertThat(served("127.0.0.1", first)).isTrue();
        assertThat(served("::1", third)).isTrue();
    }

    @Test
    void connections_of_each_original_destination_are_handed_to_it() throws IOException {
        var transparent = listener("10.9.9.9_80", "10.9.9.9", 80);
        apply(
                ConfigStore.LISTENER,
                "10.9.9.9_80",
                transparent
                        .setBindToPort(BoolValue.of(false))
                        .addAdditionalAddresses(additional("10.9.9.10", 80))
                        .build());
        int port = freePort();
        apply(
                ConfigStore.LISTENER,
                "out",
                Xds.listener("out", port)
                        .setUseOriginalDst(BoolValue.of(true))
                        .setDefaultFilterChain(Xds.chain(Xds.tcp("nowhere")))
                        .build());

        eventually("the second address is served", () -> served("127.0.0.1", port));
    }

    @Test
    void an_address_that_a_wildcard_covers_takes_no_socket_of_its_own() {
        var ipv4 = new InetSocketAddress("0.0.0.0", 15001);
        var ipv6 = new InetSocketAddress("::", 15001);
        var one = new InetSocketAddress("10.0.0.1", 15001);
        var other = new InetSocketAddress("10.0.0.1", 15002);

        assertThat(Acceptor.sockets(List.of(ipv4, ipv6, one))).hasSize(1);
        assertThat(Acceptor.sockets(List.of(one, other))).containsExactly(one, other);
        assertThat(Acceptor.sockets(List.of(one, ipv4, other)))
                .hasSize(2)
                .contains(other)
                .doesNotContain(one);
    }

    private static Listener.Builder listener(String name, String ip, int port) {
        return Xds.listener(name, port)
                .setAddress(Xds.address(ip, port))
                .setDefaultFilterChain(Xds.chain(Xds.tcp("app")));
    }

    private static AdditionalAddress additional(String ip, int port) {
        return AdditionalAddress.newBuilder().setAddress(Xds.address(ip, port)).build();
    }

    private void apply(String type, String name, com.google.protobuf.Message message) {
        assertThat(plane.sink().apply(type, List.of(Xds.resource(name, message)), List.of()))
                .isEmpty();
    }

    private static boolean served(String ip, int port) {
        try (var client = new Socket(InetAddress.ofLiteral(ip), port)) {
            client.setSoTimeout(5000);
            return new String(client.getInputStream().readNBytes(5), US_ASCII).equals("hello");
        } catch (IOException notServed) {
            return false;
        }
    }

    private void greet() {
        while (true) {
            try (var client = greeter.accept()) {
                client.getOutputStream().write("hello".getBytes(US_ASCII));
            } catch (IOException closed) {
                return;
            }
        }
    }
}
