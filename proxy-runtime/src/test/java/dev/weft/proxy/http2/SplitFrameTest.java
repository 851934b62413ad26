package dev.weft.proxy.http2;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SplitFrameTest {
    private final EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
    private final ChannelHandlerContext context = channel.pipeline().firstContext();
    private final List<String> parsed = new ArrayList<>();
    private final List<ByteBuf> from = new ArrayList<>();
    private final SplitFrame frames =
            new SplitFrame(
                    new OpenBlock(),
                    (_, in) -> {
                        from.add(in);
                        parsed.add(in.readableBytes() + " bytes");
                        in.skipBytes(in.readableBytes());
                    });

    @AfterEach
    void close() {
        frames.close();
        channel.finishAndReleaseAll();
    }

    @Test
    void whole_frames_are_parsed_where_they_are() throws Http2Exception {
        var in = Unpooled.wrappedBuffer(frame(100), frame(0), frame(7));

        read(in);

        assertThat(parsed).containsExactly("134 bytes");
        assertThat(from).containsExactly(in);
    }

    @Test
    void a_header_is_parsed_before_its_payload_is_there() throws Http2Exception {
        read(frame(5).writeBytes(frame(100), 59));

        assertThat(parsed).containsExactly("23 bytes");
    }

    @Test
    void only_the_payload_that_is_split_is_put_together() throws Http2Exception {
        var split = frame(100);
        var second = Unpooled.wrappedBuffer(split.copy(40, 69), frame(3));

        read(frame(5).writeBytes(split, 40));
        read(second);

        assertThat(parsed).containsExactly("23 bytes", "100 bytes", "12 bytes");
        assertThat(from.get(1)).isNotSameAs(second);
        assertThat(from.get(2)).isSameAs(second);
    }

    @Test
    void a_payload_that_comes_after_its_header_is_parsed_where_it_is() throws Http2Exception {
        var payload = frame(100).skipBytes(9);

        read(frame(100).slice(0, 9));
        read(payload);

        assertThat(parsed).containsExactly("9 bytes", "100 bytes");
        assertThat(from.get(1)).isSameAs(payload);
    }

    @Test
    void bytes_that_come_one_by_one_make_the_same_frames() throws Http2Exception {
        var all = Unpooled.wrappedBuffer(frame(3), frame(0), frame(2));

        while (all.isReadable()) {
            read(all.readSlice(1));
        }

        assertThat(parsed).containsExactly("9 bytes", "3 bytes", "9 bytes", "9 bytes", "2 bytes");
    }

    @Test
    void nothing_is_read_once_it_is_closed() throws Http2Exception {
        read(frame(100).slice(0, 50));
        frames.close();

        frames.read(context, frame(0));

        assertThat(parsed).containsExactly("9 bytes");
    }

    private void read(ByteBuf in) throws Http2Exception {
        frames.read(context, in);
        assertThat(in.isReadable()).isFalse();
    }

    private static ByteBuf frame(int payloadBytes) {
        return Unpooled.buffer(9 + payloadBytes)
                .writeMedium(payloadBytes)
                .writeZero(6 + payloadBytes);
    }
}
