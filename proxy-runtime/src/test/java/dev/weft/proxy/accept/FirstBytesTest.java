package dev.weft.proxy.accept;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.cluster.ClusterStates;
import dev.weft.proxy.cluster.LocalAddresses;
import dev.weft.proxy.cluster.Upstreams;
import dev.weft.proxy.config.ChainMatch;
import dev.weft.proxy.config.ChainSpec;
import dev.weft.proxy.config.ChainTarget;
import dev.weft.proxy.config.ListenerSpec;
import dev.weft.proxy.config.Patience;
import dev.weft.proxy.config.ServerTls;
import dev.weft.proxy.config.Sniffing;
import dev.weft.proxy.config.Tables;
import dev.weft.proxy.downstream.Origin;
import dev.weft.proxy.drain.Drain;
import dev.weft.proxy.overload.Overload;
import dev.weft.proxy.overload.Pressure;
import dev.weft.proxy.route.HeaderEdits;
import dev.weft.proxy.route.PathPolicy;
import dev.weft.proxy.route.Upgrades;
import dev.weft.proxy.route.WeightedClusters;
import dev.weft.proxy.telemetry.ConnectionLog;
import dev.weft.proxy.telemetry.Direction;
import dev.weft.proxy.telemetry.LogRules;
import dev.weft.proxy.telemetry.RequestLog;
import dev.weft.proxy.telemetry.Telemetry;
import dev.weft.proxy.testing.NoMesh;
import dev.weft.proxy.trace.Tracer;
import dev.weft.proxy.worker.NewTables;
import dev.weft.proxy.worker.Worker;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Which chain is chosen, and when. Neither chain can be served here, so each refuses in its own
/// way.
class FirstBytesTest {
    private static final String MESH = "UF";
    private static final String OPAQUE = "NC";
    private static final String LATE = "DPE";
    private static final Duration TIMEOUT = Duration.ofMillis(100);
    private static final Duration HANDSHAKE = Duration.ofSeconds(20);
    private static final Duration UNUSED = Duration.ofMinutes(5);

    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final List<String> told = new ArrayList<>();

    @BeforeEach
    void stopTheClock() {
        channel.freezeTime();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void a_silent_client_is_offered_the_server_when_its_time_is_over() {
        arrives(true);

        passes(TIMEOUT.minusMillis(1));
        assertThat(told).isEmpty();

        passes(Duration.ofMillis(1));
        assertThat(told).containsExactly(OPAQUE);
    }

    @Test
    void a_silent_client_is_closed_where_the_listener_says_so() {
        arrives(false);

        passes(TIMEOUT);

        assertThat(channel.isOpen()).isFalse();
        assertThat(told).isEmpty();
    }

    @Test
    void the_rest_of_a_client_hello_is_waited_for_as_long_as_a_handshake_may_take()
            throws Exception {
        arrives(true);

        isServedThoughItsHelloTakes(HANDSHAKE.minusMillis(1));
    }

    @Test
    void half_a_client_hello_is_closed_then_however_little_comes_again_and_again()
            throws Exception {
        var hello = SnifferTest.clientHello("weft1-tcp");
        arrives(true);

        says(hello, 0, 1);
        for (int i = 1; i < 20; i++) {
            passes(HANDSHAKE.dividedBy(20));
            says(hello, i, 1);
        }
        assertThat(told).isEmpty();
        passes(HANDSHAKE.dividedBy(20));

        assertThat(told).containsExactly(LATE);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void half_a_client_hello_is_told_where_the_listener_closes_it_before() throws Exception {
        arrives(false);

        says(SnifferTest.clientHello("weft1-tcp"), 0, 100);
        passes(TIMEOUT);

        assertThat(told).containsExactly(LATE);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void a_chain_may_let_handshakes_take_as_long_as_they_like() throws Exception {
        arrives(true, Duration.ZERO);

        isServedThoughItsHelloTakes(Duration.ofHours(1));
    }

    @Test
    void the_rest_of_what_may_be_a_request_is_waited_for_as_long_as_the_listener_says() {
        arrives(true);

        says("GE".getBytes(US_ASCII), 0, 2);
        passes(TIMEOUT.minusMillis(1));
        assertThat(told).isEmpty();

        passes(Duration.ofMillis(1));
        assertThat(told).containsExactly(OPAQUE);
    }

    @Test
    void a_client_that_ends_without_a_word_is_closed() {
        arrives(true);

        channel.pipeline().fireUserEventTriggered(ChannelInputShutdownEvent.INSTANCE);

        assertThat(channel.isOpen()).isFalse();
        assertThat(told).isEmpty();
    }

    @Test
    void where_a_silent_client_would_be_served_http_a_late_peer_still_is_one() throws Exception {
        arrives(true, HANDSHAKE, http());

        passes(TIMEOUT);
        passes(UNUSED.minusMillis(1));
        assertThat(told).isEmpty();
        assertThat(channel.isOpen()).isTrue();

        says(SnifferTest.clientHello("weft1-tcp"));
        assertThat(told).containsExactly(MESH);
    }

    @Test
    void nobody_may_be_silent_there_for_longer_than_without_a_request() {
        arrives(true, HANDSHAKE, http());

        passes(TIMEOUT);
        passes(UNUSED);

        assertThat(channel.isOpen()).isFalse();
        assertThat(told).isEmpty();
    }

    private void isServedThoughItsHelloTakes(Duration time) throws Exception {
        var hello = SnifferTest.clientHello("weft1-tcp");
        says(hello, 0, 100);
        passes(time);
        assertThat(told).isEmpty();

        says(hello, 100, hello.length - 100);
        assertThat(told).containsExactly(MESH);
    }

    private void arrives(boolean continueOnTimeout) {
        arrives(continueOnTimeout, HANDSHAKE);
    }

    private static ChainTarget.Tcp opaque() {
        return new ChainTarget.Tcp(
                unknownCluster(), false, 1, Duration.ZERO, Duration.ZERO, LogRules.DEFAULT);
    }

    private void arrives(boolean continueOnTimeout, Duration handshake) {
        arrives(continueOnTimeout, handshake, opaque());
    }

    private void arrives(boolean continueOnTimeout, Duration handshake, ChainTarget clear) {
        var address = new InetSocketAddress("10.0.0.1", 80);
        var opaque = opaque();
        var listener =
                new ListenerSpec(
                        "inbound",
                        Direction.INBOUND,
                        List.of(address),
                        true,
                        false,
                        false,
                        new Sniffing(_ -> true, _ -> true, TIMEOUT, continueOnTimeout),
                        65_536,
                        List.of(
                                new ChainSpec(
                                        "mesh",
                                        new ChainMatch(0, List.of(), "tls", List.of("weft1-tcp")),
                                        new ServerTls(
                                                List.of("weft1-tcp"),
                                                List.of(),
                                                List.of(),
                                                handshake),
                                        opaque)),
                        new ChainSpec("clear", ChainMatch.ANY, null, clear));
        var origin = new Origin(Direction.INBOUND, "inbound", address);
        var arrival = new Arrival(worker(), listener, origin, Instant.now(), channel);
        channel.pipeline().addLast(new FirstBytes(arrival));
    }

    private static ChainTarget http() {
        return new ChainTarget.Http(
                ChainTarget.Codec.AUTO,
                new ChainTarget.RouteSource.Named("none"),
                ChainTarget.ForwardedIdentity.REMOVE,
                new PathPolicy(false, false, PathPolicy.EscapedSlashes.KEEP),
                List.of(),
                new Patience(Duration.ZERO, Duration.ZERO, Duration.ZERO, Duration.ZERO, UNUSED),
                false,
                1024,
                100,
                1,
                null,
                1024,
                Upgrades.NONE,
                false,
                false,
                null,
                LogRules.DEFAULT);
    }

    private static WeightedClusters unknownCluster() {
        return new WeightedClusters(
                List.of(
                        new WeightedClusters.Share(
                                "unknown", 1, HeaderEdits.NONE, HeaderEdits.NONE)));
    }

    private Worker worker() {
        var tls = new NoMesh();
        return new Worker(
                new Upstreams(
                        channel.eventLoop(),
                        tls,
                        new LocalAddresses(Set.of()),
                        new ClusterStates(
                                channel.eventLoop(), tls, new LocalAddresses(Set.of()), new Told()),
                        RandomGenerator.getDefault(),
                        () -> 1),
                () -> Tables.EMPTY,
                new NewTables(),
                tls,
                new Told(),
                new Overload(Pressure.OF_THIS_JVM),
                new Drain(),
                new Drain(),
                new Tracer(_ -> {
                    throw new AssertionError("nothing is traced");
                }));
    }

    private void says(byte[] bytes) {
        says(bytes, 0, bytes.length);
    }

    private void says(byte[] bytes, int from, int length) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, from, length));
    }

    private void passes(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }

    private final class Told implements Telemetry {
        @Override
        public void request(RequestLog log) {
            told.add(log.flags());
        }

        @Override
        public void connection(ConnectionLog log) {
            told.add(log.flags());
        }
    }
}
