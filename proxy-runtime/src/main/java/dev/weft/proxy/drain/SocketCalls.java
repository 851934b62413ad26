package dev.weft.proxy.drain;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;

/// System calls on listening sockets that Netty has no option for: programs of classic BPF, and a
/// look at the accept queue.
final class SocketCalls {
    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final short POLLIN = 1;

    private static final int RETURN = 0x06;

    /// `struct sock_fprog`.
    private static final StructLayout PROGRAM =
            MemoryLayout.structLayout(JAVA_SHORT, MemoryLayout.paddingLayout(6), ADDRESS);

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle SETSOCKOPT =
            function(
                    "setsockopt",
                    FunctionDescriptor.of(
                            JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle POLL =
            function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private SocketCalls() {}

    /// Load the byte of flags, test SYN, drop or pass. False if the kernel refuses it.
    static boolean dropSyns(int socket) {
        return attach(
                socket,
                SO_ATTACH_FILTER,
                instruction(0x30, 0, 0, 13), // ldb [13]
                instruction(0x45, 0, 1, 0x02), // jset #SYN, next, skip one
                instruction(RETURN, 0, 0, 0), // drop
                instruction(RETURN, 0, 0, 0xffff_ffff)); // pass
    }

    /// Sends all connections to come of the port that the socket shares to one of its sockets,
    /// counted in the order in which they were bound. Where there is none of this number the kernel
    /// chooses. False if the kernel refuses it.
    static boolean steer(int socket, int number) {
        return attach(socket, SO_ATTACH_REUSEPORT_CBPF, instruction(RETURN, 0, 0, number));
    }

    private static boolean attach(int socket, int option, long... program) {
        try (var arena = Arena.ofConfined()) {
            var filter = arena.allocate(PROGRAM);
            filter.set(JAVA_SHORT, 0, (short) program.length);
            filter.set(ADDRESS, 8, arena.allocateFrom(JAVA_LONG, program));
            var result =
                    (int)
                            SETSOCKOPT.invokeExact(
                                    socket, SOL_SOCKET, option, filter, (int) filter.byteSize());
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
