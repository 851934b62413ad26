package dev.weft.proxy.filter;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class GradientControllerTest {
    private static final Duration UPDATE = Duration.ofMillis(100);
    private static final Duration MEASURE = Duration.ofSeconds(60);

    private final SplittableRandom random = new SplittableRandom(3);
    private final Deque<Long> active = new ArrayDeque<>();
    private @Nullable Duration fixedLeast;
    private double jitter;
    private int mostAtOnce = 1000;
    private long nanos = 1_000_000;
    private @Nullable GradientController controller;

    @Test
    void while_the_least_latency_is_measured_few_requests_may_be_under_way() {
        assertThat(enterMany()).isEqualTo(3);
        assertThat(controller().isMeasuring()).isTrue();

        leaveAllAfter(millis(10));
        enterMany();
        leaveAllAfter(millis(10));
        assertThat(controller().isMeasuring()).isTrue();
        enterMany();
        leaveAllAfter(millis(10));
        enterMany();
        leaveAllAfter(millis(10));
        assertThat(controller().isMeasuring()).isFalse();
    }

    @Test
    void the_limit_grows_while_latencies_are_about_the_least() {
        measureLeast(millis(10));

        rounds(30, millis(10));

        assertThat(controller().limit()).isGreaterThan(100);
    }

    @Test
    void the_limit_never_grows_beyond_the_most() {
        mostAtOnce = 20;
        measureLeast(millis(10));

        rounds(30, millis(10));

        assertThat(controller().limit()).isEqualTo(20);
    }

    @Test
    void the_limit_falls_by_half_at_most_when_latencies_rise() {
        measureLeast(millis(10));
        rounds(30, millis(10));
        var before = controller().limit();

        rounds(1, millis(1000));

        var half = before / 2.0;
        assertThat(controller().limit()).isEqualTo((int) (half + Math.sqrt(half)));
    }

    @Test
    void latencies_within_the_buffer_are_as_good_as_the_least() {
        measureLeast(millis(10));
        rounds(10, millis(10));
        var before = controller().limit();

        rounds(1, millis(12));

        assertThat(controller().limit()).isGreaterThanOrEqualTo(before);
    }

    @Test
    void the_least_latency_is_measured_again_after_its_time_and_the_limit_comes_back() {
        measureLeast(millis(10));
        rounds(20, millis(10));
        var before = controller().limit();

        nanos += MEASURE.toNanos();
        assertThat(enterMany()).isEqualTo(3);
        assertThat(controller().isMeasuring()).isTrue();
        leaveAllAfter(millis(10));
        for (int i = 0; i < 4; i++) {
            enterMany();
            leaveAllAfter(millis(10));
        }

        assertThat(controller().isMeasuring()).isFalse();
        assertThat(controller().limit()).isEqualTo(before);
    }

    @Test
    void a_limit_that_stays_at_its_least_makes_the_least_latency_suspicious() {
        measureLeast(millis(1));
        for (int i = 0; i < 4; i++) {
            rounds(1, millis(500));
            assertThat(controller().isMeasuring()).isFalse();
        }
        rounds(4, millis(500));

        assertThat(controller().isMeasuring()).isTrue();
    }

    @Test
    void a_fixed_least_latency_is_never_measured() {
        fixedLeast = Duration.ofMillis(10);

        rounds(30, millis(10));
        assertThat(controller().isMeasuring()).isFalse();
        assertThat(controller().limit()).isGreaterThan(100);

        rounds(40, millis(1000));
        assertThat(controller().isMeasuring()).isFalse();
        assertThat(controller().limit()).isEqualTo(3);
    }

    @Test
    void requests_that_were_given_up_make_room_and_tell_no_latency() {
        measureLeast(millis(10));
        rounds(1, millis(10));
        var before = controller().limit();

        enterMany();
        nanos += UPDATE.toNanos();
        active.forEach(_ -> controller().gaveUp());
        active.clear();
        assertThat(enterMany()).isEqualTo(before);
    }

    @Test
    void requests_from_before_a_measurement_do_not_count_for_it() {
        measureLeast(millis(10));
        rounds(20, millis(10));
        enterMany();
        nanos += MEASURE.toNanos();
        assertThat(controller().tryEnter(nanos)).isFalse();
        assertThat(controller().isMeasuring()).isTrue();

        leaveAllAfter(millis(1));

        assertThat(controller().isMeasuring()).isTrue();
    }

    @Test
    void quantiles_are_right_within_a_bucket() {
        var histogram = new LatencyHistogram();
        for (int i = 1; i <= 1000; i++) {
            histogram.add(i * 1000L);
        }

        assertThat(histogram.quantile(0.5)).isBetween(485_000L, 515_000L);
        assertThat(histogram.quantile(1)).isBetween(970_000L, 1_030_000L);
        assertThat(histogram.quantile(0)).isBetween(970L, 1_030L);
        histogram.add(Long.MAX_VALUE);
        assertThat(histogram.quantile(1)).isGreaterThan(60_000_000_000L);
    }

    private GradientController controller() {
        if (controller == null) {
            controller =
                    new GradientController(
                            new GradientSettings(
                                    0.5,
                                    mostAtOnce,
                                    UPDATE,
                                    MEASURE,
                                    fixedLeast,
                                    10,
                                    jitter,
                                    3,
                                    0.25),
                            nanos);
        }
        return controller;
    }

    private void measureLeast(long latency) {
        controller();
        while (controller().isMeasuring()) {
            enterMany();
            leaveAllAfter(latency);
        }
    }

    /// Each an update interval with as many requests as may be.
    private void rounds(int count, long latency) {
        for (int i = 0; i < count; i++) {
            enterMany();
            leaveAllAfter(latency);
            nanos += UPDATE.toNanos();
            if (controller().tryEnter(nanos)) {
                controller().gaveUp();
            }
        }
    }

    private int enterMany() {
        while (controller().tryEnter(nanos)) {
            active.add(nanos);
        }
        return active.size();
    }

    private void leaveAllAfter(long latency) {
        nanos += latency;
        while (!active.isEmpty()) {
            controller().left(active.remove(), nanos, random);
        }
    }

    private static long millis(long millis) {
        return Duration.ofMillis(millis).toNanos();
    }
}
