package dev.weft.proxy.drain;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.netty.channel.epoll.EpollServerSocketChannel;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
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
/// Who drops them: a filter on the socket (`SO_ATTACH_FILTER`; on TCP sockets it sees the segment
/// from its TCP header on), or, where the kernel wants a privilege for that, a rule of the pod
/// which holds SYNs back for a second after a datagram from the proxy to the port in question
/// (`docs/injection-contract.md`).
public final class SynGate {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;
    private static final short POLLIN = 1;
    private static final String LOOPBACK = "127.0.0.1";

    /// Time for the last ACK of handshakes under way.
    private static final Duration HANDSHAKES = Duration.ofMillis(20);

    private static final Duration AGAIN = Duration.ofMillis(5);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SETSOCKOPT =
            function(
                    "setsockopt",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle POLL =
            function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private static final Logger LOG = System.getLogger(SynGate.class.getName());

    private SynGate() {}

    /// Done when the socket is closed. Any thread but the socket's event loop may wait for it.
    public static CompletionStage<Void> close(EpollServerSocketChannel listening) {
        var closed = new CompletableFuture<Void>();
        if (!dropSyns(listening.fd().intValue())) {
            knock(listening.localAddress().getPort());
        }
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
                                            && somebodyWaits(listening.fd().intValue())) {
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

    /// Four instructions of classic BPF: load the byte of flags, test SYN, drop or pass. False if
    /// the kernel refuses it.
    static boolean dropSyns(int socket) {
        long[] program = {
            instruction(0x30, 0, 0, 13), // ldb [13]
            instruction(0x45, 0, 1, 0x02), // jset #SYN, next, skip one
            instruction(0x06, 0, 0, 0), // ret #0: drop
            instruction(0x06, 0, 0, 0xffff_ffff) // ret #-1: pass
        };
        try (var arena = Arena.ofConfined()) {
            var instructions = arena.allocateFrom(JAVA_LONG, program);
            var length =
                    MemoryLayout.structLayout(JAVA_SHORT, MemoryLayout.paddingLayout(6), ADDRESS);
            var filter = arena.allocate(length);
            filter.set(JAVA_SHORT, 0, (short) program.length);
            filter.set(ADDRESS, 8, instructions);
            var result =
                    (int)
                            SETSOCKOPT.invokeExact(
                                    socket,
                                    SOL_SOCKET,
                                    SO_ATTACH_FILTER,
                                    filter,
                                    (int) filter.byteSize());
            return result == 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// Whether a connection is in the accept queue.
    static boolean somebodyWaits(int socket) {
        try (var arena = Arena.ofConfined()) {
            var poll = arena.allocate(8, 4);
            poll.set(JAVA_INT, 0, socket);
            poll.set(JAVA_SHORT, 4, POLLIN);
            return (int) POLL.invokeExact(poll, 1L, 0) > 0;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /// `struct sock_filter`: code (16 bits), jt, jf (8 each), k (32), little-endian.
    private static long instruction(int code, int jumpTrue, int jumpFalse, int k) {
        return code | (long) jumpTrue << 16 | (long) jumpFalse << 24 | (k & 0xffff_ffffL) << 32;
    }

    private static MethodHandle function(String name, FunctionDescriptor descriptor) {
        MemorySegment address = LINKER.defaultLookup().findOrThrow(name);
        return LINKER.downcallHandle(address, descriptor);
    }
}
