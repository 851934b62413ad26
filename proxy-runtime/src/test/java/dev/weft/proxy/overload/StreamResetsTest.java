package dev.weft.proxy.overload;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.telemetry.Direction;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class StreamResetsTest {
    private static final long SECOND = 1_000_000_000;
    private static final int MOST = 1 << 20;
    private static final int KB = 1024;

    private long nanos = -5;
    private double others;
    private final List<Held> all = new ArrayList<>();
    private final List<EmbeddedChannel> channels = new ArrayList<>();
    private final Overload overload = new Overload(new Measured(), () -> nanos);

    StreamResetsTest() {
        overload.use(new OverloadRules(100, MOST, 2, 2, 2, new ResetRules(0.7, 0.8, 10)));
    }

    @Test
    void nobody_is_ended_while_there_is_memory() {
        for (int i = 0; i < 6; i++) {
            hold(100 * KB);
        }

        look(30);

        assertThat(ended()).isEmpty();
    }

    @Test
    void when_it_is_short_the_largest_are_ended_until_it_is_not() {
        for (int i = 0; i < 10; i++) {
            hold(i % 2 == 0 ? 40 * KB : 130 * KB);
        }

        look(1);

        assertThat(ended()).isSubsetOf(1, 3, 5, 7, 9).hasSize(1);
        assertThat(overload.streamsReset()).isOne();
    }

    @Test
    void below_saturation_only_those_go_that_are_stuck() {
        var moving = hold(390 * KB);
        hold(380 * KB);

        for (int i = 0; i < 30; i++) {
            moving.bytes = (i % 2 == 0 ? 340 : 390) * KB;
            look(1);
        }

        assertThat(ended()).containsExactly(1);
    }

    @Test
    void a_trickle_is_no_movement() {
        var trickling = hold(760 * KB);

        for (int i = 0; i < 21; i++) {
            trickling.bytes--;
            look(1);
        }

        assertThat(ended()).containsExactly(0);
    }

    @Test
    void those_that_are_stuck_go_before_larger_ones_that_move() {
        hold(200 * KB);
        var moving = hold(400 * KB);
        for (int i = 0; i < 30; i++) {
            moving.bytes = (i % 2 == 0 ? 300 : 400) * KB;
            others = 0.12;
            look(1);
        }
        assertThat(ended()).isEmpty();

        others = 0.3;
        look(1);

        assertThat(ended()).containsExactly(0);
    }

    @Test
    void nobody_is_ended_for_what_others_hold() {
        others = 0.9;
        hold(MOST / 8 - 1);
        look(30);
        assertThat(ended()).isEmpty();

        hold(KB);
        look(1);
        assertThat(ended()).contains(0);
    }

    @Test
    void who_holds_little_stays_whatever_happens() {
        others = 0.99;
        hold(KB - 1);

        look(30);

        assertThat(ended()).isEmpty();
    }

    private Held hold(long bytes) {
        var channel = new EmbeddedChannel();
        assertThat(overload.admits(channel, Direction.INBOUND)).isTrue();
        var held = new Held(bytes);
        Seat.of(channel).heldBy(held);
        all.add(held);
        channels.add(channel);
        return held;
    }

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            nanos += SECOND / 10;
            overload.look();
            // Everybody looks, then somebody ends.
            channels.forEach(EmbeddedChannel::runPendingTasks);
            channels.forEach(EmbeddedChannel::runPendingTasks);
        }
    }

    private List<Integer> ended() {
        var ended = new ArrayList<Integer>();
        for (int i = 0; i < all.size(); i++) {
            if (all.get(i).ended) {
                ended.add(i);
            }
        }
        return ended;
    }

    private static final class Held implements Seat.Holder, Account {
        private long bytes;
        private boolean ended;

        Held(long bytes) {
            this.bytes = bytes;
        }

        @Override
        public void giveBack() {}

        @Override
        public void accounts(Consumer<Account> to) {
            to.accept(this);
        }

        @Override
        public long heldBytes() {
            return bytes;
        }

        @Override
        public void reset() {
            ended = true;
            bytes = 0;
        }
    }

    private final class Measured extends NoPressure {
        @Override
        public double heap(long maxHeapBytes) {
            return others + (double) all.stream().mapToLong(Held::heldBytes).sum() / maxHeapBytes;
        }
    }
}
