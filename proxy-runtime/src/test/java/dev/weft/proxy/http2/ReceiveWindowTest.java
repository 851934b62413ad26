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
    private int credit = ReceiveWindow.BYTES;

    private int waiting;

    @Test
    void what_was_taken_is_given_back_while_there_is_memory() throws Http2Exception {
        passOn(10 * ReceiveWindow.BYTES);

        assertThat(whole()).isEqualTo(ReceiveWindow.BYTES);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 0.5, 0.9})
    void the_window_shrinks_to_its_share_and_grows_again(double low) throws Http2Exception {
        share = low;
        passOn(10 * ReceiveWindow.BYTES);
        assertThat(whole())
                .isEqualTo(
                        ReceiveWindow.LEAST_BYTES
                                + (int) (low * (ReceiveWindow.BYTES - ReceiveWindow.LEAST_BYTES)));

        share = 1;
        assertThat(whole()).isEqualTo(ReceiveWindow.BYTES);
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
        assertThat(bytes).as("what the peer may send").isLessThanOrEqualTo(credit);
        credit -= bytes;
        waiting += bytes;
        window.came(bytes);
    }

    private void take(int bytes) {
        waiting -= bytes;
        credit += window.took(bytes);
    }

    /// How large it is, once nothing waits.
    private int whole() throws Http2Exception {
        come(credit);
        take(waiting);
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

    /// As much comes as is taken.
    private void turn(int bytes) throws Http2Exception {
        nanos += TURN;
        for (var left = bytes; left > 0; left -= FRAME) {
            take(FRAME);
            come(FRAME);
        }
    }
}
