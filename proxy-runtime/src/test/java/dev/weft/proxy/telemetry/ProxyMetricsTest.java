package dev.weft.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.Test;

class ProxyMetricsTest {
    private final ProxyMetrics metrics = new ProxyMetrics("0.2.0", () -> 7);

    @Test
    void says_who_called_whom_and_how_it_went() {
        metrics.certified("spiffe://d/ns/a/sa/me", Instant.ofEpochSecond(1_800_000_000));

        metrics.request(AccessLogTest.request("/"));

        assertThat(metrics.text())
                .contains("weft_build_info{version=\"0.2.0\"} 1")
                .contains(
                        "weft_requests_total{destination=\"spiffe://d/ns/a/sa/me\",direction=\"inbound\",mtls=\"true\","
                                + "protocol=\"HTTP/1.1\",source=\"spiffe://d/ns/a/sa/b\",status_class=\"2xx\"} 1")
                .contains("weft_held_milliseconds_max 40")
                .contains("weft_certificate_expiry_timestamp_seconds 1.8E9")
                .contains("weft_access_log_dropped_lines 7");
    }

    @Test
    void counts_as_held_what_waited_for_a_millisecond() {
        metrics.connection(connection("a", Duration.ofNanos(999_999)));
        metrics.connection(connection("a", Duration.ofMillis(1)));

        assertThat(metrics.text()).contains("weft_held_total{direction=\"inbound\"} 1.0\n");
    }

    @Test
    void counts_on_under_the_name_that_a_certificate_brought() {
        metrics.request(AccessLogTest.request("/"));

        metrics.certified("spiffe://d/ns/a/sa/me", Instant.ofEpochSecond(1_800_000_000));
        metrics.request(AccessLogTest.request("/"));

        assertThat(metrics.text())
                .contains("weft_requests_total{destination=\"unknown\",")
                .contains("weft_requests_total{destination=\"spiffe://d/ns/a/sa/me\",");
    }

    @Test
    void bounds_the_number_of_peers_that_it_tells_apart() {
        for (int i = 0; i < ProxyMetrics.MAX_PEERS + 5; i++) {
            metrics.connection(connection("spiffe://d/ns/a/sa/p" + i, Duration.ZERO));
        }

        assertThat(metrics.text()).contains("source=\"other\"} 5");
    }

    @Test
    void peers_that_were_not_seen_for_long_make_room_for_others() {
        for (int i = 0; i < ProxyMetrics.MAX_PEERS; i++) {
            var peer = "spiffe://d/ns/a/sa/p" + i;
            metrics.connection(connection(peer, Duration.ZERO));
            metrics.request(AccessLogTest.request(Instant.EPOCH, peer, "HTTP/1.1", -1));
            metrics.request(AccessLogTest.request(Instant.EPOCH, peer, "gRPC", 0));
        }
        var stays = "spiffe://d/ns/a/sa/p7";
        var almost = Instant.EPOCH.plus(PeerNames.SILENCE).minusSeconds(1);
        var comes = "spiffe://d/ns/a/sa/new";
        metrics.request(AccessLogTest.request(almost, stays, "HTTP/1.1", -1));

        metrics.connection(connection(almost, comes, Duration.ZERO));
        assertThat(metrics.text()).as("nobody has been silent for long").doesNotContain(comes);

        var then = almost.plusSeconds(30);
        metrics.connection(connection(then, comes, Duration.ZERO));
        metrics.request(AccessLogTest.request(then, comes, "HTTP/1.1", -1));

        assertThat(metrics.text().lines().filter(it -> it.contains(comes + "\"")))
                .anyMatch(it -> it.startsWith("weft_connections_total{") && it.endsWith(" 1.0"))
                .anyMatch(it -> it.startsWith("weft_requests_total{") && it.endsWith(" 1.0"));
        assertThat(metrics.text().lines().filter(it -> it.contains(stays + "\"")))
                .as("who is seen keeps its counts")
                .anyMatch(it -> it.startsWith("weft_requests_total{") && it.endsWith(" 2.0"))
                .anyMatch(it -> it.startsWith("weft_connections_total{") && it.endsWith(" 1.0"));
        assertThat(metrics.text())
                .doesNotContain("spiffe://d/ns/a/sa/p8\"")
                .contains("source=\"other\"} 1.0");
    }

    @Test
    void nothing_is_lost_of_a_peer_that_comes_back_while_others_make_room() throws Exception {
        for (int round = 0; round < 100; round++) {
            var small = new ProxyMetrics("0.2.0", () -> 0);
            for (int i = 0; i < ProxyMetrics.MAX_PEERS; i++) {
                small.request(AccessLogTest.request(Instant.EPOCH, "p" + i, "HTTP/1.1", -1));
            }
            var later = Instant.EPOCH.plus(PeerNames.SILENCE);
            var both = new CyclicBarrier(2);
            var room =
                    CompletableFuture.runAsync(() -> {
                        await(both);
                        small.request(AccessLogTest.request(later, "new", "HTTP/1.1", -1));
                    });

            await(both);
            for (int i = 0; i < 5; i++) {
                small.request(AccessLogTest.request(later, "p7", "HTTP/1.1", -1));
            }
            room.get();

            assertThat(
                            small.text()
                                    .lines()
                                    .filter(it -> it.startsWith("weft_requests_total{"))
                                    .filter(it -> it.contains("source=\"p7\"")))
                    .singleElement()
                    .matches(it -> it.endsWith(" 5.0") || it.endsWith(" 6.0"));
        }
    }

    private static void await(CyclicBarrier barrier) {
        try {
            barrier.await();
        } catch (InterruptedException | BrokenBarrierException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void tells_how_calls_of_grpc_ended_and_leaves_other_series_as_they_are() {
        metrics.request(AccessLogTest.request(Instant.EPOCH, "spiffe://p", "gRPC", 14));
        metrics.request(AccessLogTest.request(Instant.EPOCH, "spiffe://p", "gRPC", -1));
        metrics.request(AccessLogTest.request(Instant.EPOCH, "spiffe://p", "gRPC", 4711));
        metrics.request(AccessLogTest.request(Instant.EPOCH, "spiffe://p", "gRPC", 4712));
        metrics.request(AccessLogTest.request(Instant.EPOCH, "spiffe://p", "HTTP/2", -1));

        assertThat(metrics.text().lines().filter(it -> it.startsWith("weft_requests_total{")))
                .containsExactlyInAnyOrder(
                        requests("gRPC", "grpc_status=\"14\",") + " 1.0",
                        requests("gRPC", "grpc_status=\"none\",") + " 1.0",
                        requests("gRPC", "grpc_status=\"other\",") + " 2.0",
                        requests("HTTP/2", "") + " 1.0");
        assertThat(metrics.text()).containsOnlyOnce("# TYPE weft_requests_total counter");
    }

    private static String requests(String protocol, String grpcStatus) {
        return "weft_requests_total{destination=\"unknown\",direction=\"inbound\","
                + grpcStatus
                + "mtls=\"true\",protocol=\""
                + protocol
                + "\",source=\"spiffe://p\",status_class=\"2xx\"}";
    }

    private static ConnectionLog connection(String peer, Duration held) {
        return connection(Instant.EPOCH, peer, held);
    }

    private static ConnectionLog connection(Instant start, String peer, Duration held) {
        return new ConnectionLog(
                start,
                Duration.ZERO,
                Direction.INBOUND,
                "TCP",
                "-",
                0,
                0,
                "",
                "inbound",
                "",
                peer,
                true,
                held,
                null);
    }
}
