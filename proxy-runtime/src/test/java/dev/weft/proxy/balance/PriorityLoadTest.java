package dev.weft.proxy.balance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.balance.PriorityLoad.Level;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The tables are those of Envoy's documentation: "Priority levels" and "Panic threshold".
class PriorityLoadTest {
    private static final int OVERPROVISIONING = 140;
    private static final int PANIC = 50;
    private static final int NO_PANIC = 0;

    @ParameterizedTest
    @CsvSource({
        "100, 100, 100, 0",
        "72, 100, 100, 0",
        "71, 100, 99, 1",
        "50, 100, 70, 30",
        "25, 100, 35, 65",
        "0, 100, 0, 100",
        "72, 72, 100, 0",
        "71, 71, 99, 1",
        "50, 50, 70, 30",
        "25, 25, 50, 50",
        "5, 65, 7, 93",
    })
    void two_priorities(int first, int second, int toFirst, int toSecond) {
        assertThat(load(NO_PANIC, first, second).healthy()).containsExactly(toFirst, toSecond);
    }

    @ParameterizedTest
    @CsvSource({
        "100, 100, 100, 100, 0, 0",
        "72, 72, 100, 100, 0, 0",
        "71, 71, 100, 99, 1, 0",
        "50, 50, 100, 70, 30, 0",
        "25, 100, 100, 35, 65, 0",
        "25, 25, 100, 35, 35, 30",
        "25, 25, 20, 36, 36, 28",
    })
    void three_priorities(int a, int b, int c, int toA, int toB, int toC) {
        assertThat(load(NO_PANIC, a, b, c).healthy()).containsExactly(toA, toB, toC);
    }

    @ParameterizedTest
    @CsvSource({
        "72, 72, false, false",
        "71, 71, false, false",
        "50, 60, false, false",
        "25, 100, false, false",
        "0, 100, false, false",
        "25, 25, true, true",
        "5, 65, true, false",
    })
    void panic_is_of_a_priority_and_only_when_all_together_cannot_take_the_load(
            int first, int second, boolean firstPanics, boolean secondPanics) {
        assertThat(load(PANIC, first, second).panic()).containsExactly(firstPanics, secondPanics);
    }

    @Test
    void without_a_panic_threshold_nobody_gets_what_nobody_can_take() {
        var load = PriorityLoad.of(List.of(level(0), level(0)), OVERPROVISIONING, NO_PANIC);

        assertThat(load.healthy()).containsExactly(0, 0);
        assertThat(load.panic()).containsExactly(false, false);
    }

    @Test
    void in_panic_of_all_priorities_load_goes_by_the_number_of_hosts() {
        var load =
                PriorityLoad.of(
                        List.of(new Level(30, 0, 0, 0, 30), new Level(10, 0, 0, 0, 10)),
                        OVERPROVISIONING,
                        PANIC);

        assertThat(load.healthy()).containsExactly(75, 25);
    }

    @Test
    void a_panic_is_one_of_all_while_some_are_available_too() {
        var load =
                PriorityLoad.of(
                        List.of(new Level(100, 5, 5, 0, 100), new Level(10, 4, 4, 0, 10)),
                        OVERPROVISIONING,
                        PANIC);

        assertThat(load.panic()).containsExactly(true, true);
        assertThat(load.healthy()).containsExactly(91, 9);
    }

    @Test
    void a_priority_without_hosts_does_not_keep_the_others_from_a_panic_of_all() {
        var load =
                PriorityLoad.of(
                        List.of(
                                new Level(0, 0, 0, 0, 0),
                                new Level(30, 1, 0, 1, 30),
                                new Level(10, 4, 4, 0, 10)),
                        OVERPROVISIONING,
                        PANIC);

        assertThat(load.healthy()).containsExactly(0, 75, 25);
        assertThat(load.degraded()).containsExactly(0, 0, 0);
    }

    @Test
    void without_a_panic_threshold_one_host_of_many_gets_everything() {
        var healthy =
                PriorityLoad.of(
                        List.of(new Level(200, 1, 0, 1, 200), new Level(200, 1, 1, 0, 200)),
                        OVERPROVISIONING,
                        NO_PANIC);
        assertThat(healthy.healthy()).containsExactly(0, 100);
        assertThat(healthy.degraded()).containsExactly(0, 0);

        var degraded =
                PriorityLoad.of(List.of(new Level(200, 1, 0, 1, 200)), OVERPROVISIONING, NO_PANIC);
        assertThat(degraded.degraded()).containsExactly(100);
    }

    @Test
    void degraded_hosts_get_what_healthy_ones_of_all_priorities_cannot_take() {
        var load =
                PriorityLoad.of(
                        List.of(new Level(100, 75, 25, 50, 100), new Level(100, 25, 25, 0, 100)),
                        OVERPROVISIONING,
                        PANIC);

        assertThat(load.healthy()).containsExactly(35, 35);
        assertThat(load.degraded()).containsExactly(30, 0);
    }

    private static PriorityLoad load(int panic, int... healthyPercents) {
        return PriorityLoad.of(
                Arrays.stream(healthyPercents).mapToObj(PriorityLoadTest::level).toList(),
                OVERPROVISIONING,
                panic);
    }

    private static Level level(int healthy) {
        return new Level(100, healthy, healthy, 0, 100);
    }
}
