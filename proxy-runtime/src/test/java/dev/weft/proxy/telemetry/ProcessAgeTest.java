package dev.weft.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ProcessAgeTest {
    @Test
    void the_time_of_boot_to_now_less_that_of_boot_to_start() {
        var stat =
                "7 (a name) with) S 1 7 7 0 -1 4194560 9 0 0 0 1 2 0 0 20 0 1 0 12345 11 22 33 44";

        assertThat(ProcessAge.of("130.50 200.00\n", stat)).isEqualTo(Duration.ofMillis(7_050));
    }

    @Test
    void this_process_has_an_age_that_grows() {
        var before = ProcessAge.now();

        assertThat(before).isPositive();
        assertThat(ProcessAge.now()).isGreaterThanOrEqualTo(before);
    }
}
