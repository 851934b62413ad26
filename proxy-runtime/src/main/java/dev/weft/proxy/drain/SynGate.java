package dev.weft.proxy.drain;

import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/// Closes a listening socket without losing a connection. Closing it at once would reset what waits
/// in its queue. So SYNs are dropped first: their senders try again, by when somebody else may
/// listen. Handshakes that have begun get the time to finish, the queue is accepted empty, and then
/// the socket is closed.
///
/// Where another socket shares the port ([SharedPort]) SYNs need not be dropped: they are sent to
/// that one.
///
/// Who drops them: a filter on the socket (`SO_ATTACH_FILTER`; on TCP sockets it sees the segment
/// from its TCP header on), or, where the kernel wants a privilege for that, a rule of the pod
/// which holds SYNs back for a second after a datagram from the proxy to the port in question
/// (`docs/injection-contract.md`).
public final class SynGate {
    private static final String LOOPBACK = "127.0.0.1";

    /// Time for the last ACK of handshakes under way.
    private static final Duration HANDSHAKES = Duration.ofMillis(20);

    private static final Duration AGAIN = Duration.ofMillis(5);

    private static final Logger LOG = System.getLogger(SynGate.class.getName());

    private SynGate() {}

    /// Done when the socket is closed. Any thread but the socket's event loop may wait for it.
    public static CompletionStage<Void> close(EpollServerSocketChannel listening) {
        if (!SocketCalls.dropSyns(listening)) {
            knock(listening.localAddress().getPort());
        }
        return closeWhenEmpty(listening);
    }

    /// The same for a socket that no SYN reaches any more.
    static CompletionStage<Void> closeWhenEmpty(EpollServerSocketChannel listening) {
        var closed = new CompletableFuture<Void>();
        later(listening, HANDSHAKES, closed);
        return closed;
    }

    private static void later(
            EpollServerSocketChannel listening, Duration pause, CompletableFuture<Void> closed) {
        var _ =
                listening
                        .eventLoop()
                        .schedule(
                                () -> {
                                    if (listening.isOpen()
                                            && SocketCalls.somebodyWaits(listening)) {
                                        later(listening, AGAIN, closed);
                                    } else {
                                        listening.close().addListener(_ -> closed.complete(null));
                                    }
                                },
                                pause.toMillis(),
                                TimeUnit.MILLISECONDS);
    }

    /// Asks the pod's rules to drop SYNs to a port. Where there are no such rules nobody hears it.
    private static void knock(int port) {
        try (var socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(new byte[1], 1, new InetSocketAddress(LOOPBACK, port)));
        } catch (IOException e) {
            LOG.log(
                    Level.WARNING,
                    "connections to port {0} that begin just now may be reset: {1}",
                    String.valueOf(port),
                    e.getMessage());
        }
    }
}
