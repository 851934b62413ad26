package dev.weft.proxy.accept;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a TLS ClientHello asks for (RFC 8446, 4.1.2), read without consuming anything.
record ClientHello(List<String> alpn, boolean malformed) {
    private static final int HANDSHAKE_RECORD = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int RECORD_HEADER = 5;
    private static final int HANDSHAKE_HEADER = 4;
    private static final int ALPN_EXTENSION = 16;

    /// Whether these bytes can only be a TLS handshake.
    static boolean begins(ByteBuf seen) {
        var at = seen.readerIndex();
        return seen.getByte(at) == HANDSHAKE_RECORD
                && (seen.readableBytes() < 2 || seen.getByte(at + 1) == 3);
    }

    /// Null: more bytes are needed.
    static @Nullable ClientHello read(ByteBuf seen) {
        var handshake = handshakeBytes(seen);
        if (handshake.readableBytes() < HANDSHAKE_HEADER) {
            return null;
        }
        if (handshake.readByte() != CLIENT_HELLO) {
            return new ClientHello(List.of(), true);
        }
        var length = handshake.readUnsignedMedium();
        if (length > Sniffer.MAX_BYTES) {
            return new ClientHello(List.of(), true);
        }
        if (handshake.readableBytes() < length) {
            return null;
        }
        try {
            return new ClientHello(alpn(handshake.readSlice(length)), false);
        } catch (IndexOutOfBoundsException shorterThanItSays) {
            return new ClientHello(List.of(), true);
        }
    }

    /// A ClientHello may be spread over several records.
    private static ByteBuf handshakeBytes(ByteBuf seen) {
        var records = seen.slice();
        var parts = new ArrayList<ByteBuf>();
        while (records.readableBytes() >= RECORD_HEADER && records.readByte() == HANDSHAKE_RECORD) {
            records.skipBytes(2);
            var length = records.readUnsignedShort();
            parts.add(records.readSlice(Math.min(length, records.readableBytes())));
        }
        return Unpooled.wrappedUnmodifiableBuffer(parts.toArray(ByteBuf[]::new));
    }

    private static List<String> alpn(ByteBuf hello) {
        hello.skipBytes(2 + 32);
        hello.skipBytes(hello.readUnsignedByte());
        hello.skipBytes(hello.readUnsignedShort());
        hello.skipBytes(hello.readUnsignedByte());
        if (!hello.isReadable()) {
            return List.of();
        }
        var extensions = hello.readSlice(hello.readUnsignedShort());
        while (extensions.isReadable()) {
            var type = extensions.readUnsignedShort();
            var body = extensions.readSlice(extensions.readUnsignedShort());
            if (type == ALPN_EXTENSION) {
                return names(body.readSlice(body.readUnsignedShort()));
            }
        }
        return List.of();
    }

    private static List<String> names(ByteBuf list) {
        var names = new ArrayList<String>();
        while (list.isReadable()) {
            names.add(
                    list.readCharSequence(list.readUnsignedByte(), StandardCharsets.US_ASCII)
                            .toString());
        }
        return List.copyOf(names);
    }
}
