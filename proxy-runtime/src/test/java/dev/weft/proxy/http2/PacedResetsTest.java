package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PacedResetsTest {
    private static final long ERROR = 8;

    private long now;
    private final PacedResets resets = PacedResets.toEndpoint(() -> now);

    @Test
    void a_window_full_is_sent_and_the_rest_waits_for_the_next() {
        for (int i = 0; i < PacedResets.PER_WINDOW; i++) {
            assertThat(resets.areMany()).isFalse();
            assertThat(resets.admits(2 * i + 1, ERROR)).isTrue();
        }

        assertThat(resets.areMany()).isTrue();
        assertThat(resets.admits(1001, ERROR)).isFalse();
        assertThat(resets.admits(1003, ERROR)).isFalse();
        assertThat(resets.isWaiting(1001)).isTrue();
        assertThat(resets.isWaiting(1)).isFalse();
        assertThat(resets.next()).isNull();

        pass(resets.untilNextWindow());
        assertThat(resets.next()).isEqualTo(Map.entry(1001, ERROR));
        assertThat(resets.next()).isEqualTo(Map.entry(1003, ERROR));
        assertThat(resets.next()).isNull();
        assertThat(resets.waiting()).isZero();
        assertThat(resets.areMany()).isFalse();
    }

    @Test
    void those_that_waited_count_in_the_window_in_which_they_are_sent() {
        for (int i = 0; i < 3 * PacedResets.PER_WINDOW; i++) {
            resets.admits(2 * i + 1, ERROR);
        }
        pass(PacedResets.WINDOW);

        int sent = 0;
        while (resets.next() != null) {
            sent++;
        }

        assertThat(sent).isEqualTo(PacedResets.PER_WINDOW);
        assertThat(resets.waiting()).isEqualTo(PacedResets.PER_WINDOW);
        assertThat(resets.admits(9999, ERROR)).isFalse();
    }

    @Test
    void a_peer_that_ends_a_stream_by_itself_is_not_told() {
        for (int i = 0; i <= PacedResets.PER_WINDOW; i++) {
            resets.admits(2 * i + 1, ERROR);
        }
        assertThat(resets.waiting()).isOne();

        resets.ended(2 * PacedResets.PER_WINDOW + 1);

        assertThat(resets.waiting()).isZero();
        pass(PacedResets.WINDOW);
        assertThat(resets.next()).isNull();
    }

    private void pass(Duration time) {
        now += time.toNanos();
    }
}
