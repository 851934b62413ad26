package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.http2.ClosedStreams.Way;
import org.junit.jupiter.api.Test;

class ClosedStreamsTest {
    private final ClosedStreams closed = new ClosedStreams();

    @Test
    void tells_how_a_stream_was_closed() {
        closed.add(1, Way.ENDED);
        closed.add(5, Way.RESET);

        assertThat(closed.way(1)).isEqualTo(Way.ENDED);
        assertThat(closed.way(5)).isEqualTo(Way.RESET);
        assertThat(closed.way(3)).isEqualTo(Way.UNKNOWN);
    }

    @Test
    void forgets_the_oldest_first_and_knows_that_it_has() {
        for (int i = 0; i <= ClosedStreams.REMEMBERED; i++) {
            closed.add(2 * i + 1, Way.ENDED);
        }

        assertThat(closed.way(1)).isEqualTo(Way.FORGOTTEN);
        assertThat(closed.way(3)).isEqualTo(Way.ENDED);
        assertThat(closed.way(2 * ClosedStreams.REMEMBERED + 3)).isEqualTo(Way.UNKNOWN);
    }
}
