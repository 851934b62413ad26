package dev.weft.proxy.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.embedded.EmbeddedChannel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SpliceTest {
    private static final int LIMIT = 1000;

    private final EmbeddedChannel client = new EmbeddedChannel();
    private final EmbeddedChannel server = new EmbeddedChannel(new Stuck());

    @AfterEach
    void close() {
        client.finishAndReleaseAll();
        server.finishAndReleaseAll();
    }

    @Test
    void a_side_is_not_read_on_in_the_middle_of_a_burst() {
        server.config().setWriteBufferWaterMark(new WriteBufferWaterMark(LIMIT / 2, LIMIT));
        Splice.join(client, server, TunnelLimits.NONE, (_, _, _) -> {});
        assertThat(client.config().isAutoRead()).isTrue();

        client.pipeline().fireChannelRead(Unpooled.buffer().writeZero(2 * LIMIT));

        assertThat(client.config().isAutoRead()).isFalse();
        client.pipeline().fireChannelReadComplete();
        assertThat(client.config().isAutoRead()).isFalse();
    }

    /// Sends nothing.
    private static final class Stuck extends ChannelOutboundHandlerAdapter {
        @Override
        public void flush(ChannelHandlerContext context) {}

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            context.write(message, promise);
        }
    }
}
