package dev.weft.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RowTest {
    private static final Case LOAD = new Case(Topology.SIDECARS, Protocol.HTTP1, 1024, 64);

    @Test
    void a_figure_is_the_median_of_the_rounds() {
        var row =
                Row.of(
                        LOAD,
                        Metric.REQUESTS,
                        new double[] {30_000, 10_000, 20_000},
                        new double[] {5_000, 40_000, 10_000},
                        List.of());

        assertThat(row.weft()).isEqualTo(20_000);
        assertThat(row.envoy()).isEqualTo(10_000);
        assertThat(row.ratio()).isEqualTo(2);
        assertThat(row.ratios()).containsExactly(6.0, 0.25, 2.0);
    }

    @Test
    void what_machines_read_has_the_names_that_are_promised() {
        var json =
                Compare.json(
                        List.of(
                                Row.of(
                                        LOAD,
                                        Metric.REQUESTS,
                                        new double[] {30_000, 10_000},
                                        new double[] {10_000, 10_000},
                                        List.of())));

        assertThat(json)
                .isEqualTo(
                        "{'rows':[{'path':'sidecars','protocol':'http1','body':1024,'connections':64,'metric':'%s','weft':20000.0,'envoy':10000.0,'ratio':2.0,'ratios':[3.0,1.0],'void':null}]}"
                                .formatted(Metric.REQUESTS.word())
                                .replace('\'', '"'));
    }

    @Test
    void one_void_round_makes_the_row_void() {
        var row =
                Row.of(
                        LOAD,
                        Metric.P99,
                        new double[] {1},
                        new double[] {2},
                        List.of(Optional.empty(), Optional.of("envoy: connection closed")));

        assertThat(row.ratio()).isNull();
        assertThat(row.voided()).isEqualTo("envoy: connection closed");
    }
}
