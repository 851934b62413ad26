package dev.weft.proxy.cluster;

import static dev.weft.proxy.testing.Eventually.eventually;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.TestCluster;
import dev.weft.proxy.config.Balancing;
import dev.weft.proxy.config.Balancing.SlowStart;
import dev.weft.proxy.config.ClusterSpec;
import dev.weft.proxy.config.ClusterTable;
import dev.weft.proxy.config.ClusterTable.Target;
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
import java.net.InetSocketAddress;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UpstreamsIT {
    private static final int MANY = 250;

    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final EventLoop loop = loops.next();
    private final LocalAddresses local = new LocalAddresses(Set.of());
    private final Upstreams upstreams =
            new Upstreams(
                    loop,
                    new NoMesh(),
                    local,
                    new ClusterStates(loop, new NoMesh(), local, new Untold()),
                    RandomGenerator.getDefault(),
                    () -> 1);

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

    private static ClusterTable originalDestination() {
        var cluster = new TestCluster(new Balancing.RoundRobin(SlowStart.NONE));
        cluster.discovery = ClusterSpec.Discovery.ORIGINAL_DESTINATION;
        return cluster.table();
    }

    private static StreamWaiter counting(AtomicInteger failed) {
        return new StreamWaiter() {
            @Override
            public void ready(UpstreamStream stream) {
                stream.cancel();
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
