package dev.weft.proxy.body;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultLastHttpContent;
import io.netty.handler.codec.http.HttpContent;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class KeptPartsTest {
    private static final String LARGE = "L".repeat(2000);

    private final KeptParts kept = new KeptParts();
    private final List<HttpContent> given = new ArrayList<>();

    @AfterEach
    void nothing_is_held_any_more() {
        kept.release();
        assertThat(given).allMatch(part -> part.refCnt() == 0);
    }

    @Test
    void small_parts_come_back_as_one_in_order() {
        add("a");
        add("b");
        add(LARGE);
        add("c");
        add("");
        add("d");

        assertThat(polled()).containsExactly("ab", LARGE, "cd");
    }

    @Test
    void what_a_part_was_read_into_is_not_kept_for_a_fraction_of_it() {
        var read = Unpooled.buffer(64 * 1024).writeZero(64 * 1024);
        for (int i = 0; i < 4; i++) {
            kept.add(new DefaultHttpContent(read.retainedSlice(i * 8192, 5000)));
        }

        assertThat(read.refCnt()).isOne();
        read.release();
        int bytes = 0;
        for (var part = kept.poll(); part != null; part = kept.poll()) {
            bytes += part.content().readableBytes();
            part.release();
        }
        assertThat(bytes).isEqualTo(20_000);
    }

    @Test
    void the_last_part_stays_what_it_is() {
        add("a");
        var last = new DefaultLastHttpContent(Unpooled.copiedBuffer("b", US_ASCII));
        last.trailingHeaders().set("x-sum", "7");
        kept.add(last);

        assertThat(text(kept.poll())).isEqualTo("a");
        assertThat(kept.poll()).isSameAs(last);
        last.release();
    }

    @Test
    void what_was_taken_away_is_not_added_to() {
        add("a");
        add("b");
        var first = kept.poll();
        add("c");

        assertThat(text(first)).isEqualTo("ab");
        assertThat(polled()).containsExactly("c");
    }

    @Test
    void a_part_has_sixteen_kibibytes_at_most() {
        for (int i = 0; i < 40_000; i++) {
            add("x");
        }

        assertThat(polled())
                .extracting(String::length)
                .containsExactly(4_096, 16_384, 16_384, 3_136);
    }

    private void add(String text) {
        var part = new DefaultHttpContent(Unpooled.copiedBuffer(text, US_ASCII));
        given.add(part);
        kept.add(part);
    }

    private List<String> polled() {
        var texts = new ArrayList<String>();
        while (!kept.isEmpty()) {
            texts.add(text(kept.poll()));
        }
        return texts;
    }

    private static String text(@Nullable HttpContent kept) {
        var part = Objects.requireNonNull(kept);
        var text = part.content().toString(US_ASCII);
        part.release();
        return text;
    }
}
