package dev.weft.proxy.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HedgeDelayTest {
    private static final long SPAN = LatencyWindow.SPAN_NANOS;
    private static final Duration LEAST = Duration.ofMillis(2);

    private final long begin = -SPAN;
    private final HedgeDelay delay = new HedgeDelay(LEAST, 90, begin);

    @Test
    void a_fixed_time_is_that_time() {
        assertThat(new HedgeDelay(LEAST, 0, begin).at(begin)).isEqualTo(LEAST);
    }

    @Test
    void a_percentile_of_few_answers_is_none() {
        answers(LatencyWindow.FEWEST - 1, Duration.ofMillis(10), begin);

        assertThat(delay.at(begin)).isNull();
    }

    @Test
    void a_percentile_is_measured_within_an_eighth() {
        answers(900, Duration.ofMillis(10), begin);
        answers(100, Duration.ofMillis(500), begin);

        assertThat(delay.at(begin)).isBetween(Duration.ofMillis(10), Duration.ofNanos(11_250_000));
    }

    @Test
    void the_slow_share_moves_it() {
        answers(890, Duration.ofMillis(10), begin);
        answers(110, Duration.ofMillis(500), begin);

        assertThat(delay.at(begin))
                .isBetween(Duration.ofMillis(500), Duration.ofNanos(562_500_000));
    }

    @Test
    void quick_answers_do_not_make_it_shorter_than_the_fixed_time() {
        answers(1000, Duration.ofNanos(50_000), begin);

        assertThat(delay.at(begin)).isEqualTo(LEAST);
    }

    @Test
    void what_is_old_is_forgotten() {
        answers(1000, Duration.ofMillis(500), begin);
        answers(1000, Duration.ofMillis(10), begin + SPAN);
        assertThat(delay.at(begin + SPAN)).isGreaterThan(Duration.ofMillis(400));

        answers(1, Duration.ofMillis(10), begin + 2 * SPAN);
        assertThat(delay.at(begin + 2 * SPAN)).isLessThan(Duration.ofMillis(12));
        assertThat(delay.at(begin + 9 * SPAN)).isNull();
    }

    @Test
    void the_longest_and_the_shortest_have_a_place() {
        answers(1000, Duration.ofDays(10), begin);
        assertThat(delay.at(begin)).isGreaterThan(Duration.ofHours(1));

        var quick = new HedgeDelay(Duration.ZERO, 50, begin);
        for (int i = 0; i < 1000; i++) {
            quick.answered(Duration.ZERO, begin);
        }
        assertThat(quick.at(begin)).isBetween(Duration.ofNanos(1), Duration.ofNanos(2000));
    }

    private void answers(int count, Duration took, long now) {
        for (int i = 0; i < count; i++) {
            delay.answered(took, now);
        }
    }
}
