package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StreamLimitsTest {
    private static final StreamLimits ANY =
            new StreamLimits(null, null, Duration.ZERO, Duration.ZERO, false);

    @ParameterizedTest
    @CsvSource({
        "2H,PT2H",
        "3M,PT3M",
        "4S,PT4S",
        "50m,PT0.05S",
        "60u,PT0.00006S",
        "7n,PT0.000000007S"
    })
    void the_client_says_how_long_it_waits(String text, Duration expected) {
        assertThat(deadline(ANY, text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "S", "5", "-5S", "5 S", "123456789S", "5x"})
    void what_is_malformed_says_nothing(String text) {
        assertThat(deadline(ANY, text)).isNull();
    }

    @Test
    void the_route_may_say_less_but_not_more() {
        var most =
                new StreamLimits(null, null, Duration.ofSeconds(10), Duration.ofSeconds(1), false);

        assertThat(deadline(most, "1H")).isEqualTo(Duration.ofSeconds(9));
        assertThat(deadline(most, "5S")).isEqualTo(Duration.ofSeconds(4));
        assertThat(deadline(most, "1m")).isNegative();
    }

    @Test
    void without_leave_of_the_route_the_client_has_no_say() {
        assertThat(deadline(StreamLimits.NONE, "5S")).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "PT0.000000001S,1m",
        "PT9S,9000m",
        "PT99999.999S,99999999m",
        "PT28H,100800S",
        "PT30000H,1800000M",
        "PT2000000H,2000000H"
    })
    void a_time_is_told_in_the_first_unit_in_which_it_fits(Duration time, String text) {
        assertThat(StreamLimits.grpcTimeout(time)).isEqualTo(text);
    }

    private static @Nullable Duration deadline(StreamLimits limits, String text) {
        return limits.deadline(new DefaultHttpHeaders().set("grpc-timeout", text));
    }
}
