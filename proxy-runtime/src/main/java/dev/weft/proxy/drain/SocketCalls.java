package dev.weft.proxy.drain;

import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.unix.Buffer;
import io.netty.channel.unix.RawUnixChannelOption;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// What Netty has no option of its own for on listening sockets: programs of classic BPF, and a
/// look at the accept queue. Netty's raw options do it without `java.lang.foreign`, which would
/// take a tenth of a proxy's start to make its stubs.
final class SocketCalls {
    private static final int SOL_SOCKET = 1;
    private static final int IPPROTO_TCP = 6;

    /// The size of `struct sock_fprog`, and where the program's address is in it.
    private static final int PROGRAM_BYTES = 16;

    private static final int ADDRESS_AT = 8;

    private static final RawUnixChannelOption SO_ATTACH_FILTER =
            new RawUnixChannelOption("SO_ATTACH_FILTER", SOL_SOCKET, 26, PROGRAM_BYTES);
    private static final RawUnixChannelOption SO_ATTACH_REUSEPORT_CBPF =
            new RawUnixChannelOption("SO_ATTACH_REUSEPORT_CBPF", SOL_SOCKET, 51, PROGRAM_BYTES);

    /// Where `tcpi_unacked` is in `struct tcp_info`: of a listening socket it is the length of the
    /// accept queue.
    private static final int UNACKED_AT = 24;

    private static final RawUnixChannelOption TCP_INFO =
            new RawUnixChannelOption("TCP_INFO", IPPROTO_TCP, 11, UNACKED_AT + Integer.BYTES);

    private static final int RETURN = 0x06;

    private SocketCalls() {}

    /// Load the byte of flags, test SYN, drop or pass. False if the kernel refuses it.
    static boolean dropSyns(EpollServerSocketChannel socket) {
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
    static boolean steer(EpollServerSocketChannel socket, int number) {
        return attach(socket, SO_ATTACH_REUSEPORT_CBPF, instruction(RETURN, 0, 0, number));
    }

    private static boolean attach(
            EpollServerSocketChannel socket, RawUnixChannelOption option, long... program) {
        var instructions = direct(program.length * Long.BYTES);
        for (var instruction : program) {
            instructions.putLong(instruction);
        }
        var filter = direct(PROGRAM_BYTES);
        filter.putShort(0, (short) program.length);
        filter.putLong(ADDRESS_AT, Buffer.memoryAddress(instructions));
        try {
            return socket.config().setOption(option, filter);
        } catch (ChannelException refused) {
            return false;
        } finally {
            Reference.reachabilityFence(instructions);
        }
    }

    /// Whether a connection is in the accept queue.
    static boolean somebodyWaits(EpollServerSocketChannel socket) {
        var info = socket.config().getOption(TCP_INFO).order(ByteOrder.nativeOrder());
        return info.getInt(UNACKED_AT) > 0;
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    /// `struct sock_filter`: code (16 bits), jt, jf (8 each), k (32), little-endian.
    private static long instruction(int code, int jumpTrue, int jumpFalse, int k) {
        return code | (long) jumpTrue << 16 | (long) jumpFalse << 24 | (k & 0xffff_ffffL) << 32;
    }
}
