package dev.weft.proxy.cluster;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.TestCluster;
import dev.weft.proxy.config.Assignment.Checked;
import dev.weft.proxy.config.Assignment.EndpointSpec;
import dev.weft.proxy.config.Assignment.Health;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.config.Transport.Carried;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.hash.Hashes;
import dev.weft.proxy.refusal.Refusal;
import dev.weft.proxy.route.RoutePriority;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.testing.NoMesh;
import dev.weft.proxy.testing.Untold;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UpstreamsIT {
    private static final int MANY = 250;
    private static final Balancing.RoundRobin ROUND_ROBIN =
            new Balancing.RoundRobin(SlowStart.NONE);

    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final EventLoop loop = loops.next();
    private final LocalAddresses local = new LocalAddresses(Set.of());
    private final ClusterStates states = new ClusterStates(loop, new NoMesh(), local, new Untold());
    private final Upstreams upstreams =
            new Upstreams(loop, new NoMesh(), local, states, RandomGenerator.getDefault(), () -> 1);

    @AfterEach
    void stop() {
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    /// A client may name every address and port that there is.
    @Test
    void destinations_that_clients_name_are_forgotten_when_nothing_is_left_of_them()
            throws Exception {
        var cluster = originalDestination();
        var failed = new AtomicInteger();
        for (int i = 1; i <= MANY; i++) {
            // Nobody listens there.
            var destination = new InetSocketAddress("127.0.0." + i, 1);
            loop.submit(() ->
                            upstreams.stream(
                                    cluster,
                                    new Origin(Direction.INBOUND, "inbound", destination),
                                    Carried.HTTP1,
                                    RoutePriority.DEFAULT,
                                    Hashes.NONE,
                                    Set.of(),
                                    counting(failed)))
                    .get();
        }
        eventually("all are refused", () -> failed.get() == MANY);
        assertThat(loop.submit(() -> upstreams.pools("c")).get()).isPositive();

        eventually(
                "none is remembered",
                () -> loop.submit(() -> upstreams.pools("c")).syncUninterruptibly().getNow() == 0);
    }

    /// Both changes are in force before the loop hears of one.
    @Test
    void connections_to_an_endpoint_that_has_left_do_not_serve_it_when_it_comes_again()
            throws Exception {
        try (var server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
            var address = (InetSocketAddress) server.getLocalSocketAddress();
            var present = tables(at(address));
            states.update(present);
            var ready = new AtomicInteger();
            loop.submit(() ->
                            upstreams.stream(
                                    at(address),
                                    new Origin(Direction.OUTBOUND, "outbound", address),
                                    Carried.HTTP1,
                                    RoutePriority.DEFAULT,
                                    Hashes.NONE,
                                    Set.of(),
                                    keeping(ready)))
                    .get();
            eventually("there is a connection", () -> ready.get() == 1);

            states.update(tables(new TestCluster(ROUND_ROBIN).table()));
            states.update(present);
            loop.submit(() -> upstreams.reconcile(present)).get();

            assertThat(loop.submit(() -> upstreams.pools("c")).get()).isZero();
        }
    }

    private static Tables tables(ClusterTable cluster) {
        return new Tables(Map.of(), Map.of(), Set.of(), Map.of(), Map.of("c", cluster));
    }

    private static ClusterTable at(InetSocketAddress address) {
        return new TestCluster(ROUND_ROBIN)
                .group(
                        0,
                        1,
                        new EndpointSpec(
                                address,
                                "",
                                "",
                                Health.HEALTHY,
                                1,
                                Map.of(),
                                Map.of(),
                                Checked.AS_IT_IS))
                .table();
    }

    private static ClusterTable originalDestination() {
        var cluster = new TestCluster(ROUND_ROBIN);
        cluster.discovery = ClusterSpec.Discovery.ORIGINAL_DESTINATION;
        return cluster.table();
    }

    private static StreamWaiter counting(AtomicInteger failed) {
        return waiter(UpstreamStream::cancel, failed);
    }

    private static StreamWaiter keeping(AtomicInteger ready) {
        return waiter(_ -> ready.incrementAndGet(), new AtomicInteger());
    }

    private static StreamWaiter waiter(Consumer<UpstreamStream> onReady, AtomicInteger failed) {
        return new StreamWaiter() {
            @Override
            public void ready(UpstreamStream stream) {
                onReady.accept(stream);
            }

            @Override
            public void failed(Refusal why, @Nullable Target target) {
                failed.incrementAndGet();
            }

            @Override
            public boolean cancelled() {
                return false;
            }
        };
    }
}
