package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http2.Http2Exception;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BlockEncoderTest {
    private static final int VALUE_BYTES = 1_000;
    private static final int INDEXED_BYTES = 10;
    private static final int SIZE_UPDATE = 0x20;
    private static final int SIZE_UPDATE_MASK = 0xe0;

    private final BlockEncoder encoder = new BlockEncoder();

    @ParameterizedTest
    @ValueSource(longs = {4_097, 65_536, 0xffffffffL})
    void a_peer_that_would_keep_more_than_usual_gets_the_usual_table(long most)
            throws Http2Exception {
        encoder.tableBytes(most);
        assertThat(isSizeUpdate(block("x", 0))).isFalse();
        for (int i = 1; i < 10; i++) {
            block("x", i);
        }

        assertThat(block("x", 7)).as("one of the last three").hasSizeLessThan(INDEXED_BYTES);
        assertThat(block("x", 2)).as("an older one").hasSizeGreaterThan(INDEXED_BYTES);
    }

    @Test
    void a_peer_that_keeps_less_gets_less() throws Http2Exception {
        encoder.tableBytes(1_500);

        assertThat(isSizeUpdate(block("x", 0))).isTrue();
        block("x", 1);

        assertThat(block("x", 1)).hasSizeLessThan(INDEXED_BYTES);
        assertThat(block("x", 0)).hasSizeGreaterThan(INDEXED_BYTES);
    }

    @Test
    void of_many_changes_the_smallest_and_the_last_are_told() throws Http2Exception {
        for (int i = 0; i < 1_000; i++) {
            encoder.tableBytes(i % 2 == 0 ? 0 : 20);
        }

        assertThat(block("x", 0))
                .startsWith(SIZE_UPDATE, SIZE_UPDATE | 20)
                .satisfies(block -> {
                    assertThat(block[2] & SIZE_UPDATE_MASK).isNotEqualTo(SIZE_UPDATE);
                });
        assertThat(isSizeUpdate(block("x", 0))).isFalse();
    }

    private static boolean isSizeUpdate(byte[] block) {
        return (block[0] & SIZE_UPDATE_MASK) == SIZE_UPDATE;
    }

    private byte[] block(String name, int value) throws Http2Exception {
        var head =
                new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, new Fields());
        head.headers().add(name, Character.toString('A' + value).repeat(VALUE_BYTES));
        ByteBuf out = Unpooled.buffer();
        encoder.response(1, head, out);
        var block = new byte[out.readableBytes()];
        out.readBytes(block);
        return block;
    }
}
