package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http2.Http2Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReceiveWindowTest {
    private static final int FRAME = 16 * 1024;
    private static final long TURN = ReceiveWindow.TURN.toNanos();

    private double share = 1;
    private long nanos;
    private final ReceiveWindow window = new ReceiveWindow(() -> share, () -> nanos);

    /// What the peer may still send.
    private int credit = ReceiveWindow.LEAST_BYTES;

    private int waiting;

    @Test
    void it_stays_small_for_who_has_time() throws Http2Exception {
        passOnSlowly();

        assertThat(whole()).isEqualTo(ReceiveWindow.LEAST_BYTES);
    }

    @Test
    void it_grows_for_who_fills_it_quickly_and_shrinks_when_that_is_over() throws Http2Exception {
        passOn(10 * ReceiveWindow.BYTES);
        assertThat(whole()).isEqualTo(ReceiveWindow.BYTES);

        passOnSlowly();
        assertThat(whole()).isEqualTo(ReceiveWindow.LEAST_BYTES);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 0.9})
    void it_is_no_larger_than_its_share(double low) throws Http2Exception {
        share = low;
        passOn(10 * ReceiveWindow.BYTES);
        assertThat(whole()).isEqualTo(most(low));

        share = 1;
        passOn(10 * ReceiveWindow.BYTES);
        assertThat(whole()).isEqualTo(ReceiveWindow.BYTES);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 0.9, 1})
    void it_grows_by_what_is_stuck_and_shrinks_when_that_is_taken(double share)
            throws Http2Exception {
        this.share = share;
        while (credit > 0) {
            come(Math.min(FRAME, credit));
        }
        assertThat(waiting)
                .isLessThanOrEqualTo(most(share))
                .isGreaterThan(most(share) - Session.STREAM_WINDOW);

        while (waiting > 0) {
            nanos += TURN;
            take(Math.min(FRAME, waiting));
        }
        passOnSlowly();
        assertThat(whole()).isEqualTo(ReceiveWindow.LEAST_BYTES);
    }

    private static int most(double share) {
        return ReceiveWindow.LEAST_BYTES
                + (int) (share * (ReceiveWindow.BYTES - ReceiveWindow.LEAST_BYTES));
    }

    @Test
    void nobody_starves_while_memory_stays_short() throws Http2Exception {
        share = 0;

        passOn(100 * ReceiveWindow.BYTES);
    }

    @Test
    void nobody_starves_beside_what_is_stuck_while_memory_stays_short() throws Http2Exception {
        share = 0;
        come(ReceiveWindow.LEAST_BYTES / 2);

        passOn(100 * ReceiveWindow.BYTES);
    }

    @Test
    void nobody_starves_once_all_that_had_come_is_taken() throws Http2Exception {
        share = 0;
        come(credit);
        while (waiting > 0) {
            take(Math.min(FRAME, waiting));
        }

        passOn(100 * ReceiveWindow.BYTES);
    }

    @Test
    void what_is_stuck_is_no_company_for_new_streams() throws Http2Exception {
        come(ReceiveWindow.BYTES / 4);
        assertThat(window.isCongested()).isFalse();

        come(1);
        assertThat(window.isCongested()).isTrue();
        nanos += TURN;
        assertThat(window.isCongested()).isTrue();

        take(1);
        assertThat(window.isCongested()).isFalse();
    }

    @Test
    void what_is_taken_in_time_is_none_the_worse_for_waiting() throws Http2Exception {
        come(ReceiveWindow.BYTES / 2);
        turn(ReceiveWindow.BYTES / 2);
        assertThat(window.isCongested()).isFalse();

        turn(ReceiveWindow.BYTES / 2 - FRAME);
        assertThat(window.isCongested()).isTrue();
    }

    @Test
    void it_may_take_its_time_while_memory_is_short() throws Http2Exception {
        share = 0.99;
        come(ReceiveWindow.BYTES / 2);
        turn(ReceiveWindow.BYTES / 16);
        assertThat(window.isCongested()).isFalse();

        turn(ReceiveWindow.BYTES / 32);
        assertThat(window.isCongested()).isTrue();
    }

    private void come(int bytes) throws Http2Exception {
        for (var left = bytes; left > 0; left -= FRAME) {
            var frame = Math.min(left, FRAME);
            assertThat(frame).as("what the peer may send").isLessThanOrEqualTo(credit);
            credit -= frame;
            waiting += frame;
            credit += window.came(frame);
        }
    }

    private void take(int bytes) {
        waiting -= bytes;
        credit += window.took(bytes);
    }

    /// How large it is, while nothing waits: all that the peer may send when it has been told of
    /// it.
    private int whole() throws Http2Exception {
        nanos += TURN;
        take(waiting);
        int before;
        do {
            before = credit;
            come(1);
            take(1);
        } while (credit < before);
        return credit;
    }

    /// Each frame is taken when it has come.
    private void passOn(long bytes) throws Http2Exception {
        for (var left = bytes; left > 0; ) {
            assertThat(credit).as("%d bytes to go", left).isPositive();
            var frame = (int) Math.min(left, Math.min(FRAME, credit));
            come(frame);
            take(frame);
            left -= frame;
        }
    }

    private void passOnSlowly() throws Http2Exception {
        for (int i = 0; i < 100; i++) {
            nanos += 5 * TURN;
            passOn(ReceiveWindow.LEAST_BYTES / 2);
        }
    }

    /// As much comes as is taken.
    private void turn(int bytes) throws Http2Exception {
        nanos += TURN;
        for (var left = bytes; left > 0; left -= FRAME) {
            take(FRAME);
            come(FRAME);
        }
    }
}
