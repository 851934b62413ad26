package dev.weft.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ReferenceCountUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class HttpPortTest {
    private final EmbeddedChannel channel =
            new EmbeddedChannel(new Full()) {
                @Override
                protected SocketAddress localAddress0() {
                    return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 15020);
                }
            };

    /// The client reads nothing, and the kernel takes no more.
    private static final class Full extends ChannelOutboundHandlerAdapter {
        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            ReferenceCountUtil.release(message);
        }
    }

    @Test
    void who_does_not_read_its_answer_in_time_is_let_go() {
        HttpPort.serve(
                channel.pipeline(),
                (path, _) -> CompletableFuture.completedFuture(Answer.text(200, path)),
                new Callers(1).admit(channel));
        channel.writeInbound(
                Unpooled.copiedBuffer(
                        "GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n", StandardCharsets.US_ASCII));

        pass(HttpPort.UNREAD_SECONDS - 1);
        assertThat(channel.isOpen()).isTrue();

        pass(1);
        assertThat(channel.isOpen()).isFalse();
    }

    private void pass(int seconds) {
        channel.advanceTimeBy(seconds, TimeUnit.SECONDS);
        channel.runPendingTasks();
    }
}
