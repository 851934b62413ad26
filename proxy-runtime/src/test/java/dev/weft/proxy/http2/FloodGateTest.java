package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2Exception;
import org.junit.jupiter.api.Test;

class FloodGateTest {
    private long now;
    private final FloodGate gate = new FloodGate(() -> now);

    @Test
    void one_reset_too_many_within_the_window_ends_the_connection() throws Exception {
        for (int i = 0; i < FloodGate.MAX_RESETS; i++) {
            gate.reset();
        }

        var error = catchThrowableOfType(Http2Exception.class, gate::reset);

        assertThat(error.error()).isEqualTo(Http2Error.ENHANCE_YOUR_CALM);
        assertThat(Http2Exception.isStreamError(error)).isFalse();
    }

    @Test
    void a_new_window_counts_anew() throws Exception {
        for (int i = 0; i < FloodGate.MAX_PROVOKED; i++) {
            gate.provoked();
        }
        now += FloodGate.WINDOW.toNanos();

        gate.provoked();
        assertThat(catchThrowableOfType(Http2Exception.class, this::provokeAll)).isNotNull();
    }

    @Test
    void windows_may_be_opened_for_what_is_sent_and_no_more() throws Exception {
        gate.streamOpened();
        gate.dataSent(5);
        gate.partSent();
        var allowed =
                FloodGate.MAX_UPDATES
                        + FloodGate.MAX_UPDATES_FOR_STREAM
                        + FloodGate.MAX_UPDATES_FOR_PART;
        for (int i = 0; i < allowed; i++) {
            gate.windowUpdate();
        }
        now += FloodGate.WINDOW.toNanos();

        var error = catchThrowableOfType(Http2Exception.class, gate::windowUpdate);

        assertThat(error.error()).isEqualTo(Http2Error.ENHANCE_YOUR_CALM);
    }

    @Test
    void a_peer_may_open_both_windows_every_hundred_bytes_for_ever() throws Exception {
        for (int i = 0; i < 100_000; i++) {
            gate.dataSent(100);
            gate.windowUpdate();
            gate.windowUpdate();
        }
    }

    @Test
    void a_peer_may_open_both_windows_for_each_message_however_small() throws Exception {
        for (int i = 0; i < 100_000; i++) {
            gate.dataSent(1);
            gate.partSent();
            gate.windowUpdate();
            gate.windowUpdate();
        }
    }

    @Test
    void a_window_that_is_opened_in_crumbs_ends_the_connection() {
        var error =
                catchThrowableOfType(
                        Http2Exception.class,
                        () -> {
                            for (int i = 0; i < 1_000; i++) {
                                gate.dataSent(1);
                                gate.windowUpdate();
                            }
                        });

        assertThat(error.error()).isEqualTo(Http2Error.ENHANCE_YOUR_CALM);
    }

    private void provokeAll() throws Http2Exception {
        for (int i = 0; i < FloodGate.MAX_PROVOKED; i++) {
            gate.provoked();
        }
    }
}
