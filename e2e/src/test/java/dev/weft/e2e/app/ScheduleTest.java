package dev.weft.e2e.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private final Schedule schedule = new Schedule(List.of("a", "b"), 50);
    private final List<Schedule.Planned> first36 =
            IntStream.range(0, 36).mapToObj(schedule::at).toList();

    @Test
    void sends_the_rate_of_each_protocol_in_a_second() {
        long gentle = schedule.dueNanos(Schedule.GENTLE);
        assertThat(schedule.dueNanos(Schedule.GENTLE + 150) - gentle)
                .isCloseTo(1_000_000_000L, within(1_000_000L));
        for (Protocol protocol : Protocol.values()) {
            assertThat(first36).filteredOn(p -> p.protocol() == protocol).hasSize(12);
        }
    }

    @Test
    void begins_at_a_third_of_the_rate() {
        assertThat(schedule.dueNanos(150)).isCloseTo(3_000_000_000L, within(1_000_000L));
    }

    @Test
    void sends_a_third_on_new_connections_to_every_target_over_every_protocol() {
        for (Protocol protocol : Protocol.values()) {
            for (String service : List.of("a", "b")) {
                assertThat(first36)
                        .filteredOn(p -> p.protocol() == protocol && p.service().equals(service))
                        .filteredOn(Schedule.Planned::fresh)
                        .hasSize(2);
            }
        }
    }

    @Test
    void mixes_get_and_post_on_both_kinds_of_connections() {
        assertThat(first36).filteredOn(p -> p.post() && p.fresh()).hasSize(6);
        assertThat(first36).filteredOn(p -> p.post() && !p.fresh()).hasSize(12);
    }
}
