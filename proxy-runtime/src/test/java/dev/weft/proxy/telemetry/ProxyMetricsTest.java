package dev.weft.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
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

    private static ConnectionLog connection(String peer, Duration held) {
        return new ConnectionLog(
                Instant.EPOCH,
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
                held);
    }
}
