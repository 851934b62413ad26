package dev.weft.proxy.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BackoffTest {
    private static final Duration FIRST = Duration.ofMillis(100);
    private static final Duration MOST = Duration.ofSeconds(5);

    @Test
    void doubles_its_bound_up_to_the_most() {
        var backoff = new Backoff(FIRST, MOST, new Highest());

        assertThat(backoff.next()).hasMillis(100);
        assertThat(backoff.next()).hasMillis(200);
        for (int i = 0; i < 100; i++) {
            backoff.next();
        }
        assertThat(backoff.next()).isEqualTo(MOST);
    }

    @Test
    void begins_anew_after_a_success() {
        var backoff = new Backoff(FIRST, MOST, new Highest());
        backoff.next();
        backoff.next();

        backoff.reset();

        assertThat(backoff.next()).isEqualTo(FIRST);
    }

    @Test
    void spreads_over_the_whole_of_its_bound() {
        var random = new Random(7);
        long early = 0;
        for (int i = 0; i < 1000; i++) {
            if (new Backoff(FIRST, MOST, random).next().toMillis() < 50) {
                early++;
            }
        }

        assertThat(early).isBetween(400L, 600L);
    }

    private static final class Highest extends Random {
        private static final long serialVersionUID = 1L;

        @Override
        public long nextLong(long bound) {
            return bound - 1;
        }
    }
}
