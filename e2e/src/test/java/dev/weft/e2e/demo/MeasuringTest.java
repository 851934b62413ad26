package dev.weft.e2e.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MeasuringTest {
    @Test
    void requests_are_summed_over_all_labels_and_nothing_else() {
        String metrics =
                """
                # TYPE weft_requests_total counter
                weft_requests_total{direction="inbound",status="200"} 12.0
                weft_requests_total{direction="outbound",status="200"} 30
                weft_bytes_total 900
                weft_requests_created{direction="inbound"} 1.0E9
                """;

        assertThat(ProxyProbe.requests(metrics)).isEqualTo(42);
    }

    @Test
    void a_series_is_found_by_its_name_and_labels_and_by_no_other() {
        String metrics =
                """
                # HELP weft_start_to_ready_seconds From start to ready.
                weft_start_to_ready_seconds 0.51
                weft_certificate_signings_total{result="failed"} 7.0
                weft_certificate_signings_total{result="signed"} 3.0
                weft_certificate_expiry_timestamp_seconds 1.8E9
                """;

        assertThat(ProxyProbe.sample(metrics, "weft_start_to_ready_seconds")).hasValue(0.51);
        assertThat(ProxyProbe.sample(metrics, "weft_certificate_signings_total{result=\"signed\"}"))
                .hasValue(3);
        assertThat(ProxyProbe.sample(metrics, "weft_certificate_expiry_timestamp_seconds"))
                .hasValue(1.8e9);
        assertThat(ProxyProbe.sample(metrics, "weft_certificate")).isEmpty();
    }

    @Test
    void the_processes_of_a_container_are_added_up() {
        var sum =
                ProcessFigures.sum(
                        List.of(
                                "102400 51200 150 50 12:memory:/kubepods/pod1/abc",
                                "1024 512 1 1 12:memory:/kubepods/pod1/abc"));

        assertThat(sum.rssMegabytes()).isEqualTo(101);
        assertThat(sum.privateMegabytes()).isEqualTo(50.5);
        assertThat(sum.cpuSeconds()).isEqualTo(2.02);
    }
}
