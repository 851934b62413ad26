package dev.weft.benchmarks.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.benchmarks.compare.App.Answer;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The load generator and the application with nothing between them.
class LoadIT {
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final App app = new App(loops);

    @AfterEach
    void stop() {
        app.close();
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @ParameterizedTest
    @CsvSource({
        "HTTP1, 10, 3", "HTTP1, 300000, 2",
        "HTTP2, 10, 3", "HTTP2, 300000, 2",
        "GRPC, 10, 3", "GRPC, 300000, 2",
        "TCP, 10, 3", "TCP, 300000, 2"
    })
    void all_requests_are_answered_whole(Protocol protocol, int body, int connections) {
        var load = new Case(Topology.PLAIN, protocol, body, connections);
        app.answer(new Answer(protocol, body));

        try (var clients = new Load(loops.next(), load, app.port(protocol))) {
            clients.saturate();
            clients.awaitAnswers(500);
            clients.rest();

            assertThat(clients.tally().failure()).isNull();
            assertThat(clients.tally().answers()).isGreaterThanOrEqualTo(500);
        }
    }

    @Test
    void at_a_rate_each_request_is_timed() {
        var load = new Case(Topology.PLAIN, Protocol.HTTP2, 10, 1);
        app.answer(new Answer(Protocol.HTTP2, 10));

        try (var clients = new Load(loops.next(), load, app.port(Protocol.HTTP2))) {
            var before = clients.tally().answers();

            var latencies = clients.atRate(100, Duration.ofMillis(200));

            assertThat(latencies).hasSize(20).isSorted();
            assertThat(clients.tally().answers() - before).isEqualTo(20);
        }
    }

    @Test
    void an_answer_of_another_length_is_a_failure() {
        var load = new Case(Topology.PLAIN, Protocol.GRPC, 10, 1);
        app.answer(new Answer(Protocol.GRPC, 11));

        try (var clients = new Load(loops.next(), load, app.port(Protocol.GRPC))) {
            clients.saturate();
            clients.awaitAnswers(1);

            assertThat(clients.tally().failure()).isEqualTo("answer of 16 bytes");
        }
    }

    @Test
    void an_error_is_a_failure() {
        var refusing = refusing();
        try (var clients =
                new Load(
                        loops.next(),
                        new Case(Topology.PLAIN, Protocol.HTTP1, 0, 1),
                        ((InetSocketAddress) refusing.localAddress()).getPort())) {
            clients.saturate();
            clients.awaitAnswers(1);

            assertThat(clients.tally().failure()).isEqualTo("answer http/1.1 503 no");
        } finally {
            refusing.close().syncUninterruptibly();
        }
    }

    private Channel refusing() {
        return new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .childHandler(
                        new ChannelInitializer<>() {
                            @Override
                            protected void initChannel(Channel accepted) {
                                accepted.pipeline().addLast(new Refuses());
                            }
                        })
                .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))
                .syncUninterruptibly()
                .channel();
    }

    private static final class Refuses extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            io.netty.util.ReferenceCountUtil.release(message);
            context.writeAndFlush(
                    Unpooled.copiedBuffer(
                            "HTTP/1.1 503 no\r\ncontent-length: 0\r\n\r\n",
                            StandardCharsets.US_ASCII));
        }
    }
}
