package dev.weft.benchmarks.compare;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Bytes that are sent again and again: made once for all connections, never released. Who sends
/// them sends a duplicate.
final class Bodies {
    /// Of messages of gRPC: compressed or not, and the length.
    static final int GRPC_PREFIX = 5;

    private static final Map<Integer, ByteBuf> ZEROES = new ConcurrentHashMap<>();
    private static final Map<Integer, ByteBuf> MESSAGES = new ConcurrentHashMap<>();
    private static final Map<Integer, ByteBuf> ANSWERS = new ConcurrentHashMap<>();

    private Bodies() {}

    static ByteBuf zeroes(int bytes) {
        return ZEROES.computeIfAbsent(bytes, n -> kept(Unpooled.directBuffer(n).writeZero(n)));
    }

    /// A message of gRPC with its prefix.
    static ByteBuf message(int bytes) {
        return MESSAGES.computeIfAbsent(
                bytes,
                n ->
                        kept(
                                Unpooled.directBuffer(GRPC_PREFIX + n)
                                        .writeByte(0)
                                        .writeInt(n)
                                        .writeZero(n)));
    }

    /// An answer by HTTP/1.1, head and body.
    static ByteBuf answer(int bytes) {
        return ANSWERS.computeIfAbsent(
                bytes,
                n -> {
                    var head =
                            """
                            HTTP/1.1 200 OK\r
                            server: bench\r
                            content-type: application/octet-stream\r
                            content-length: %d\r
                            \r
                            """
                                    .formatted(n);
                    return kept(text(head).writeZero(n));
                });
    }

    static ByteBuf constant(String ascii) {
        return kept(text(ascii));
    }

    private static ByteBuf text(String ascii) {
        return Unpooled.directBuffer().writeBytes(ascii.getBytes(StandardCharsets.US_ASCII));
    }

    private static ByteBuf kept(ByteBuf buffer) {
        return Unpooled.unreleasableBuffer(buffer.asReadOnly());
    }
}
