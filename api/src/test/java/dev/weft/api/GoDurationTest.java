package dev.weft.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class GoDurationTest {
    @Test
    void reads_units_in_any_order_and_with_fractions() {
        assertThat(GoDuration.parse("24h")).isEqualTo(Duration.ofHours(24));
        assertThat(GoDuration.parse("1h30m")).isEqualTo(Duration.ofMinutes(90));
        assertThat(GoDuration.parse("1.5h")).isEqualTo(Duration.ofMinutes(90));
        assertThat(GoDuration.parse("250ms")).isEqualTo(Duration.ofMillis(250));
    }

    @Test
    void refuses_what_is_negative_or_without_a_unit_and_shows_how_to_write_it() {
        for (var text : new String[] {"-5m", "5", "", "5 m", "5d"}) {
            assertThatThrownBy(() -> GoDuration.parse(text))
                    .hasMessageContaining("'" + text + "'")
                    .hasMessageContaining("24h");
        }
    }
}
