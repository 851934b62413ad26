package dev.weft.proxy.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.RecvByteBufAllocator.Handle;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.Test;

class ReadSizesTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Handle sizes = new ReadSizes().newHandle();

    @Test
    void four_records_of_tls_are_one_read() {
        reads(2048);
        reads(32 * 1024);

        assertThat(sizes.guess()).isGreaterThanOrEqualTo(4 * (16 * 1024 + 22)).isLessThan(80_000);
    }

    @Test
    void grows_at_once_and_shrinks_after_two_small_ones() {
        reads(2048);
        assertThat(sizes.guess()).isEqualTo(32 * 1024);

        reads(20_000);
        reads(100);
        assertThat(sizes.guess()).isEqualTo(32 * 1024);
        reads(100);
        assertThat(sizes.guess()).isEqualTo(16 * 1024);
    }

    @Test
    void stays_with_what_fits() {
        for (var read = 0; read < 10; read++) {
            reads(1500);
        }

        assertThat(sizes.guess()).isEqualTo(2048);
    }

    @Test
    void never_leaves_its_sizes() {
        for (var read = 0; read < 20; read++) {
            reads(sizes.guess());
        }
        assertThat(sizes.guess()).isEqualTo(72 * 1024);

        for (var read = 0; read < 40; read++) {
            reads(0);
        }
        assertThat(sizes.guess()).isEqualTo(512);
    }

    @Test
    void a_read_that_fills_its_buffer_is_followed_by_some_more() {
        sizes.reset(channel.config());
        var reads = 0;
        do {
            fills();
            reads++;
        } while (sizes.continueReading());
        assertThat(reads).isEqualTo(4);

        sizes.reset(channel.config());
        sizes.attemptedBytesRead(sizes.guess());
        sizes.lastBytesRead(sizes.guess() - 1);
        sizes.incMessagesRead(1);
        assertThat(sizes.continueReading()).isFalse();
    }

    private void fills() {
        sizes.attemptedBytesRead(sizes.guess());
        sizes.lastBytesRead(sizes.attemptedBytesRead());
        sizes.incMessagesRead(1);
    }

    private void reads(int bytes) {
        sizes.reset(channel.config());
        sizes.attemptedBytesRead(sizes.guess());
        sizes.lastBytesRead(bytes);
        sizes.readComplete();
    }
}
