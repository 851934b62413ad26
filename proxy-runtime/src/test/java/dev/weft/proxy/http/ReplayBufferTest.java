package dev.weft.proxy.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReplayBufferTest {
    private final ReplayBuffer body = new ReplayBuffer();

    @Test
    void replays_the_whole_body_although_the_first_attempt_has_read_its_parts() {
        var first = new DefaultHttpContent(Unpooled.copiedBuffer("pay", US_ASCII));
        var last = new DefaultLastHttpContent(Unpooled.copiedBuffer("load", US_ASCII));
        last.trailingHeaders().set("x-sum", "7");
        for (HttpContent part : List.of(first, last)) {
            body.add(part);
            part.content().skipBytes(part.content().readableBytes());
            part.release();
        }

        assertThat(replayed()).isEqualTo("payload x-sum=7");
        assertThat(replayed()).as("a second time").isEqualTo("payload x-sum=7");
        body.close();
    }

    @Test
    void gives_back_all_that_it_kept() {
        var part = new DefaultHttpContent(Unpooled.copiedBuffer("x", US_ASCII));
        body.add(part);
        part.release();

        body.close();

        assertThat(part.refCnt()).isZero();
        assertThat(body.canReplay()).isFalse();
    }

    /// Else the limit of bytes would be none of memory.
    @Test
    void puts_small_parts_together() {
        for (int i = 0; i < ReplayBuffer.LIMIT_BYTES; i++) {
            body.add(new DefaultHttpContent(Unpooled.wrappedBuffer(new byte[] {'x'})));
        }

        var parts = new ArrayList<HttpContent>();
        body.replay(parts::add);

        assertThat(parts).hasSizeLessThan(10);
        assertThat(parts.stream().mapToInt(part -> part.content().readableBytes()).sum())
                .isEqualTo(ReplayBuffer.LIMIT_BYTES);
        parts.forEach(HttpContent::release);
        body.close();
    }

    private String replayed() {
        var text = new StringBuilder();
        var parts = new ArrayList<HttpContent>();
        body.replay(parts::add);
        for (HttpContent part : parts) {
            text.append(part.content().readCharSequence(part.content().readableBytes(), US_ASCII));
            if (part instanceof LastHttpContent last) {
                text.append(" x-sum=").append(last.trailingHeaders().get("x-sum"));
            }
            part.release();
        }
        return text.toString();
    }
}
