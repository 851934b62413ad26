package dev.weft.proxy.overload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverloadTest {
    private double used;
    private double lives;
    private int collections;

    private final Overload overload =
            new Overload(
                    new NoPressure() {
                        @Override
                        public double heap(long maxHeapBytes) {
                            return used;
                        }

                        @Override
                        public void collect() {
                            collections++;
                            used = lives;
                        }
                    });

    @Test
    void each_threshold_refuses_more() {
        overload.use(new OverloadRules(10, 4000, 0.7, 0.8, 0.9, ResetRules.NEVER));

        memory(0.69);
        assertThat(overload.endsKeepAlive()).isFalse();

        memory(0.7);
        assertThat(overload.endsKeepAlive()).isTrue();
        assertThat(overload.admitsRequest(0)).isTrue();

        memory(0.8);
        assertThat(overload.admitsRequest(0)).isFalse();
        assertThat(overload.admits(new EmbeddedChannel(), Direction.INBOUND)).isTrue();

        memory(0.9);
        assertThat(overload.admits(new EmbeddedChannel(), Direction.INBOUND)).isFalse();

        memory(0.1);
        assertThat(overload.endsKeepAlive()).isFalse();
        assertThat(overload.admits(new EmbeddedChannel(), Direction.INBOUND)).isTrue();
    }

    @Test
    void garbage_is_collected_before_anybody_is_refused() {
        used = 0.95;
        lives = 0.2;

        overload.look();

        assertThat(collections).isOne();
        assertThat(overload.admitsRequest(0)).isTrue();
    }

    @Test
    void a_closed_connection_makes_room_for_another() {
        overload.use(new OverloadRules(1, 0, 1, 1, 1, ResetRules.NEVER));
        var first = new EmbeddedChannel();
        assertThat(overload.admits(first, Direction.INBOUND)).isTrue();
        Seat.of(first).begins();
        var second = new EmbeddedChannel();
        assertThat(overload.admits(second, Direction.INBOUND)).isFalse();
        second.close();
        first.close();

        assertThat(overload.admits(new EmbeddedChannel(), Direction.INBOUND)).isTrue();
    }

    @Test
    void heads_of_requests_under_way_may_take_a_quarter_of_the_memory() {
        overload.use(new OverloadRules(1, 4000, 1, 1, 1, ResetRules.NEVER));
        assertThat(overload.admitsRequest(600)).isTrue();
        assertThat(overload.admitsRequest(401)).isFalse();
        assertThat(overload.admitsRequest(400)).as("beside one that is refused").isTrue();
        assertThat(overload.admitsRequest(1)).isFalse();
        overload.requestEnded(600);

        assertThat(overload.admitsRequest(600)).isTrue();
    }

    @Test
    void nothing_is_counted_where_no_request_is_to_be_refused() {
        overload.use(new OverloadRules(1, 4000, 1, OverloadRules.NEVER, 1, ResetRules.NEVER));

        assertThat(overload.admitsRequest(Integer.MAX_VALUE)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "0.3, 1", "0.4, 1", "0.6, 0.5", "0.7, 0.25", "0.8, 0", "1, 0"})
    void windows_shrink_from_half_of_where_the_first_are_ended(double memory, double share) {
        overload.use(new OverloadRules(1, 0, 1, 1, 1, new ResetRules(0.8, 0.9, 14)));
        used = memory;

        assertThat(overload.windowShare()).isCloseTo(share, within(0.001));
    }

    @Test
    void windows_stay_where_nobody_is_to_be_ended() {
        overload.use(new OverloadRules(1, 0, 1, 1, 1, ResetRules.NEVER));
        used = 1;

        assertThat(overload.windowShare()).isOne();
    }

    private void memory(double share) {
        used = share;
        lives = share;
        overload.look();
    }
}
