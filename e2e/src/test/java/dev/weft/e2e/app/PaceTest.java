package dev.weft.e2e.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.e2e.app.Paces.Second;
import java.time.Instant;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PaceTest {
    private final TreeMap<Long, Second> seconds = new TreeMap<>();

    @Test
    void the_worst_five_seconds_count_a_second_without_requests_too() {
        steady(100, 120);
        seconds.remove(110L);

        assertThat(pace().slowest(at(100), at(120))).containsEntry("gRPC", 24.0);
        assertThat(pace().mean(at(100), at(120))).containsEntry("gRPC", 28.5);
    }

    @Test
    void only_whole_seconds_within_the_stretch_count() {
        steady(100, 120);
        seconds.put(99L, new Second(1, 0));
        seconds.put(120L, new Second(1, 0));

        assertThat(pace().slowest(at(99).plusMillis(1), at(121).minusMillis(1)))
                .containsEntry("HTTP/2", 30.0);
    }

    @Test
    void less_than_five_seconds_prove_nothing() {
        steady(100, 104);

        assertThat(pace().slowest(at(100), at(104))).containsEntry("HTTP/1.1", 0.0);
        assertThat(pace().slowest(at(104), at(100))).containsEntry("HTTP/1.1", 0.0);
    }

    @Test
    void seconds_of_which_nobody_tells_were_without_load() {
        steady(100, 110);

        assertThat(pace().slowest(at(100), at(120))).containsEntry("HTTP/1.1", 0.0);
    }

    @Test
    void the_share_of_new_connections_is_that_of_requests() {
        steady(100, 110);

        assertThat(pace().freshShare(at(100), at(110))).isEqualTo(1 / 3.0);
        assertThat(new Pace().freshShare(at(100), at(110))).isZero();
    }

    @Test
    void load_generators_are_added_up() {
        steady(100, 110);
        var both = new Pace();
        both.add(pace().encode());
        both.add(pace().encode());

        assertThat(both.slowest(at(100), at(110))).containsEntry("HTTP/1.1", 60.0);
        assertThat(both.freshShare(at(100), at(110))).isEqualTo(1 / 3.0);
    }

    private void steady(long from, long to) {
        for (long second = from; second < to; second++) {
            seconds.put(second, new Second(20, 10));
        }
    }

    private Pace pace() {
        return Paces.of(seconds);
    }

    private static Instant at(long second) {
        return Instant.ofEpochSecond(second);
    }
}
