package dev.weft.proxy.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SeatsTest {
    private static final int MOST = 4;
    private static final long SECOND = 1_000_000_000;

    private long nanos = -5;
    private final Overload overload = new Overload(new NoPressure(), () -> nanos);
    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final List<Integer> gaveWay = new ArrayList<>();

    SeatsTest() {
        overload.use(new OverloadRules(MOST, 64_000, 2, 2, 2, ResetRules.NEVER));
    }

    @Test
    void the_oldest_silent_connection_gives_way() {
        for (int i = 0; i < 10; i++) {
            assertThat(admit()).isTrue();
        }

        assertThat(open()).containsExactly(6, 7, 8, 9);
        assertThat(overload.gaveWay()).isEqualTo(6);
    }

    @Test
    void a_request_under_way_keeps_its_connection() {
        admit(MOST);
        seat(0).begins();
        seat(1).begins();

        assertThat(admit()).isTrue();
        assertThat(open()).containsExactly(0, 1, 3, 4);

        seat(3).begins();
        seat(4).begins();
        assertThat(admit()).isFalse();
        assertThat(open()).containsExactly(0, 1, 3, 4, 5);
    }

    @Test
    void who_was_served_a_moment_ago_keeps_its_connection_and_later_does_not() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            seat(i).begins();
            nanos++;
            seat(i).ends();
        }
        assertThat(admit()).isFalse();
        channels.getLast().close();

        nanos += SECOND;

        assertThat(admit()).isTrue();
        assertThat(open()).containsExactly(1, 2, 3, 5);
    }

    @Test
    void who_never_sent_a_request_goes_before_who_is_idle_for_longer() {
        admit(MOST);
        for (int i = 0; i < 3; i++) {
            seat(i).begins();
            nanos++;
            seat(i).ends();
        }
        nanos += SECOND;

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 1, 2, 4);
    }

    @Test
    void a_client_that_was_quicker_keeps_its_connection_and_is_counted_again() {
        admit(MOST);
        overload.admits(channel(), Direction.INBOUND);
        seat(0).begins();
        settle();
        assertThat(open()).containsExactly(0, 1, 2, 3, 4);

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 3, 4, 5);
    }

    @Test
    void whose_request_does_not_come_on_gives_way_the_longest_silent_first() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            uploads(i);
            nanos++;
        }
        seat(2).awaitsNothing();
        nanos += 4 * SECOND;
        assertThat(admit()).as("within a moment").isFalse();
        channels.getLast().close();
        seat(0).awaits(1, 1);
        nanos += 2 * SECOND;

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 2, 3, 5);
        assertThat(gaveWay).containsExactly(1);
    }

    @Test
    void who_is_idle_gives_way_before_whose_request_does_not_come_on() {
        admit(MOST);
        for (int i = 0; i < MOST - 1; i++) {
            uploads(i);
        }
        nanos += 60 * SECOND;

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 1, 2, 4);
    }

    @Test
    void who_sends_just_enough_to_keep_its_place_loses_it() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            uploads(i);
        }
        for (int s = 0; s < 40; s++) {
            nanos += SECOND;
            seat(0).awaits(100, 1);
            seat(1).awaits(1, 1);
            seat(2).awaits(100, 1);
            seat(3).awaits(100, 1);
        }

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 2, 3, 4);
    }

    @Test
    void who_has_many_requests_has_to_send_more() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            uploads(i);
        }
        for (int s = 0; s < 40; s++) {
            nanos += SECOND;
            for (int i = 0; i < MOST; i++) {
                seat(i).awaits(100, i == 2 ? 100 : 1);
            }
        }

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 1, 3, 4);
    }

    @Test
    void who_goes_on_just_then_keeps_its_connection() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            uploads(i);
        }
        nanos += 10 * SECOND;
        overload.admits(channel(), Direction.INBOUND);
        for (int i = 0; i < MOST; i++) {
            seat(i).awaits(1, 1);
        }
        settle();

        assertThat(gaveWay).isEmpty();
        assertThat(open()).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void whose_request_does_not_come_on_gives_way_when_requests_take_too_much() {
        overload.use(new OverloadRules(MOST, 4_000, 1, 1, 2, ResetRules.NEVER));
        admit(2);
        uploads(0);
        nanos += 6 * SECOND;
        uploads(1);
        assertThat(overload.admitsRequest(1_000)).isTrue();
        overload.look();
        settle();
        assertThat(gaveWay).isEmpty();

        assertThat(overload.admitsRequest(1)).isFalse();
        overload.look();
        settle();

        assertThat(gaveWay).containsExactly(0);
    }

    /// One in eight.
    @Test
    void there_are_places_that_only_the_other_direction_can_have() {
        overload.use(new OverloadRules(16, 64_000, 2, 2, 2, ResetRules.NEVER));
        for (int i = 0; i < 14; i++) {
            assertThat(admit(Direction.INBOUND)).isTrue();
            seat(i).begins();
        }
        assertThat(admit(Direction.INBOUND)).isFalse();
        channels.getLast().close();

        assertThat(admit(Direction.OUTBOUND)).isTrue();
        assertThat(admit(Direction.OUTBOUND)).isTrue();

        assertThat(open()).hasSize(16);
    }

    @Test
    void a_flood_of_one_direction_takes_none_of_the_other_ones_idle_connections() {
        overload.use(new OverloadRules(16, 64_000, 2, 2, 2, ResetRules.NEVER));
        admit(Direction.OUTBOUND);
        admit(Direction.OUTBOUND);
        nanos += 10 * SECOND;

        for (int i = 0; i < 30; i++) {
            assertThat(admit(Direction.INBOUND)).isTrue();
        }

        assertThat(open()).hasSize(16).contains(0, 1);
    }

    /// An eighth of the memory.
    @Test
    void those_that_keep_most_of_heads_give_it_back_when_all_keep_too_much() {
        admit(MOST);
        for (int i = 0; i < MOST; i++) {
            var seat = seat(i);
            seat.heldBy(() -> seat.keeps(0));
        }
        seat(0).keeps(2_000);
        seat(1).keeps(3_000);
        seat(2).keeps(2_500);
        settle();
        assertThat(overload.gaveWay()).isZero();

        seat(3).keeps(501);
        settle();

        assertThat(seat(1).kept()).isZero();
        assertThat(seat(0).kept()).isEqualTo(2_000);
        assertThat(seat(3).kept()).isEqualTo(501);
        assertThat(overload.gaveWay()).isOne();
    }

    /// Its client has still to send something.
    private void uploads(int index) {
        var seat = seat(index);
        seat.heldBy(
                new Seat.Holder() {
                    @Override
                    public void giveBack() {}

                    @Override
                    public void giveWay() {
                        gaveWay.add(index);
                        channels.get(index).close();
                    }
                });
        seat.begins();
        seat.awaits(0, 1);
    }

    private void admit(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(admit()).isTrue();
        }
    }

    private boolean admit() {
        return admit(Direction.INBOUND);
    }

    private boolean admit(Direction direction) {
        nanos++;
        var admitted = overload.admits(channel(), direction);
        settle();
        return admitted;
    }

    private EmbeddedChannel channel() {
        channels.add(new EmbeddedChannel());
        return channels.getLast();
    }

    private Seat seat(int index) {
        return Seat.of(channels.get(index));
    }

    private void settle() {
        channels.forEach(EmbeddedChannel::runPendingTasks);
    }

    private List<Integer> open() {
        var open = new ArrayList<Integer>();
        for (int i = 0; i < channels.size(); i++) {
            if (channels.get(i).isOpen()) {
                open.add(i);
            }
        }
        return open;
    }
}
