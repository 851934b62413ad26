package dev.weft.proxy.overload;

import static org.assertj.core.api.Assertions.assertThat;

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
        overload.admits(channel());
        seat(0).begins();
        settle();
        assertThat(open()).containsExactly(0, 1, 2, 3, 4);

        assertThat(admit()).isTrue();

        assertThat(open()).containsExactly(0, 3, 4, 5);
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

    private void admit(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(admit()).isTrue();
        }
    }

    private boolean admit() {
        nanos++;
        var admitted = overload.admits(channel());
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
