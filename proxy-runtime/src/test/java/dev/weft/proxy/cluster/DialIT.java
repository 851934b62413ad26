package dev.weft.proxy.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.proxy.testing.Sockets;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DialIT {
    private final MultiThreadIoEventLoopGroup loops =
            new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final List<Socket> sockets = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        for (var socket : sockets) {
            socket.close();
        }
        loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @Test
    void an_endpoint_that_answers_late_gets_one_connection_that_stays() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            sockets.addAll(Sockets.fillQueue(server));
            var dial = dial(server);
            assertThat(dial.await(600)).as("SYNs are dropped while the queue is full").isFalse();

            var accepted = new ArrayList<Socket>();
            server.setSoTimeout(200);
            while (!dial.isDone() || accepted.isEmpty()) {
                accept(server, accepted);
            }
            var own = (InetSocketAddress) dial.get().localAddress();
            while (accepted.stream().noneMatch(socket -> socket.getPort() == own.getPort())) {
                accept(server, accepted);
            }

            assertThat(dial.getNow().isActive()).isTrue();
            for (var socket : accepted) {
                if (socket.getPort() != own.getPort() && !isOfTheTest(socket)) {
                    assertThat(hasEnded(socket)).isTrue();
                }
            }
        }
    }

    @Test
    void an_endpoint_that_refuses_is_told_at_once() throws Exception {
        InetSocketAddress nobody;
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = (InetSocketAddress) server.getLocalSocketAddress();
        }

        var dial = Dial.start(loops.next(), bootstrap(60_000), nobody).await();

        assertThat(dial.cause()).isInstanceOf(java.net.ConnectException.class);
    }

    @Test
    void an_endpoint_that_never_answers_is_given_up_after_the_connect_timeout() throws Exception {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            sockets.addAll(Sockets.fillQueue(server));

            var dial =
                    Dial.start(
                                    loops.next(),
                                    bootstrap(700),
                                    (InetSocketAddress) server.getLocalSocketAddress())
                            .await();

            assertThat(dial.cause()).isInstanceOf(io.netty.channel.ConnectTimeoutException.class);
        }
    }

    private static boolean hasEnded(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() == -1;
        } catch (SocketException reset) {
            return true;
        }
    }

    private Future<Channel> dial(ServerSocket server) {
        return Dial.start(
                loops.next(),
                bootstrap(60_000),
                (InetSocketAddress) server.getLocalSocketAddress());
    }

    private Bootstrap bootstrap(int timeoutMillis) {
        return new Bootstrap()
                .group(loops)
                .channel(EpollSocketChannel.class)
                .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, timeoutMillis)
                .handler(new Nothing());
    }

    @ChannelHandler.Sharable
    private static final class Nothing extends ChannelInboundHandlerAdapter {}

    private void accept(ServerSocket server, List<Socket> accepted) throws IOException {
        try {
            var socket = server.accept();
            sockets.add(socket);
            accepted.add(socket);
        } catch (SocketTimeoutException nobodyYet) {
            // The kernel tries again within a second.
        }
    }

    private boolean isOfTheTest(Socket accepted) {
        return sockets.stream().anyMatch(socket -> socket.getLocalPort() == accepted.getPort());
    }
}
