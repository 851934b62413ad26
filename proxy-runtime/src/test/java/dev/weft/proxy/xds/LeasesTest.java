package dev.weft.proxy.xds;

import static dev.weft.proxy.xds.ResourceType.CLUSTER;
import static dev.weft.proxy.xds.ResourceType.LISTENER;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeasesTest {
    /// So that it overflows in between, as `nanoTime()` may.
    private static final long START = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

    private final Leases leases = new Leases();

    @Test
    void ends_what_is_not_heard_of_for_its_time_to_live() {
        leases.heardOf(LISTENER, "short", Duration.ofSeconds(2), START);
        leases.heardOf(LISTENER, "long", Duration.ofSeconds(10), START);
        leases.heardOf(CLUSTER, "other", Duration.ofSeconds(3), START);

        assertThat(leases.untilNext(START)).contains(Duration.ofSeconds(2));
        assertThat(leases.takeEnded(LISTENER, after(1))).isEmpty();
        assertThat(leases.takeEnded(LISTENER, after(2))).containsExactly("short");
        assertThat(leases.takeEnded(LISTENER, after(2))).isEmpty();
        assertThat(leases.untilNext(after(2))).contains(Duration.ofSeconds(1));
        assertThat(leases.takeEnded(CLUSTER, after(9))).containsExactly("other");
        assertThat(leases.takeEnded(LISTENER, after(10))).containsExactly("long");
        assertThat(leases.untilNext(after(10))).isEmpty();
    }

    @Test
    void begins_anew_when_it_is_heard_of() {
        leases.heardOf(LISTENER, "l", Duration.ofSeconds(2), START);

        leases.heardOf(LISTENER, "l", Duration.ofSeconds(2), after(1));

        assertThat(leases.takeEnded(LISTENER, after(2))).isEmpty();
        assertThat(leases.takeEnded(LISTENER, after(3))).containsExactly("l");
    }

    @Test
    void does_not_end_what_comes_without_a_time_to_live() {
        leases.heardOf(LISTENER, "l", Duration.ofSeconds(2), START);

        leases.heardOf(LISTENER, "l", null, after(1));

        assertThat(leases.untilNext(after(1))).isEmpty();
    }

    @Test
    void overlooks_a_negative_one_and_ends_at_once_by_zero() {
        leases.heardOf(LISTENER, "l", Duration.ofSeconds(2), START);
        leases.heardOf(LISTENER, "l", Duration.ofSeconds(-1), START);
        leases.heardOf(LISTENER, "m", Duration.ZERO, START);

        assertThat(leases.untilNext(START)).contains(Duration.ZERO);
        assertThat(leases.takeEnded(LISTENER, START)).containsExactly("m");
        assertThat(leases.untilNext(START)).contains(Duration.ofSeconds(2));
    }

    private static long after(int seconds) {
        return START + Duration.ofSeconds(seconds).toNanos();
    }
}
