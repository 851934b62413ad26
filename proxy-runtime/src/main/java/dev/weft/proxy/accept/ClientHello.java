package dev.weft.proxy.accept;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a TLS ClientHello asks for (RFC 8446, 4.1.2), read without consuming anything.
///
/// @param serverName lower case; empty: none is asked for
record ClientHello(List<String> alpn, String serverName, boolean malformed) {
    private static final ClientHello MALFORMED = new ClientHello(List.of(), "", true);

    private static final int HANDSHAKE_RECORD = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int RECORD_HEADER = 5;
    private static final int HANDSHAKE_HEADER = 4;
    private static final int SERVER_NAME_EXTENSION = 0;
    private static final int HOST_NAME = 0;
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
            return MALFORMED;
        }
        var length = handshake.readUnsignedMedium();
        if (length > Sniffer.MAX_BYTES) {
            return MALFORMED;
        }
        if (handshake.readableBytes() < length) {
            return null;
        }
        try {
            var hello = handshake.readSlice(length);
            return new ClientHello(alpn(hello.slice()), serverName(hello), false);
        } catch (IndexOutOfBoundsException shorterThanItSays) {
            return MALFORMED;
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
        var body = extension(hello, ALPN_EXTENSION);
        return body == null ? List.of() : names(body.readSlice(body.readUnsignedShort()));
    }

    /// RFC 6066, 3. It is only told: what is not written as it should be is none.
    private static String serverName(ByteBuf hello) {
        try {
            var body = extension(hello, SERVER_NAME_EXTENSION);
            if (body == null) {
                return "";
            }
            var entries = body.readSlice(body.readUnsignedShort());
            return entries.readUnsignedByte() == HOST_NAME
                    ? entries.readCharSequence(
                                    entries.readUnsignedShort(), StandardCharsets.ISO_8859_1)
                            .toString()
                            .toLowerCase(Locale.ROOT)
                    : "";
        } catch (IndexOutOfBoundsException shorterThanItSays) {
            return "";
        }
    }

    /// The first one of the type; null: there is none.
    private static @Nullable ByteBuf extension(ByteBuf hello, int wanted) {
        hello.skipBytes(2 + 32);
        hello.skipBytes(hello.readUnsignedByte());
        hello.skipBytes(hello.readUnsignedShort());
        hello.skipBytes(hello.readUnsignedByte());
        if (!hello.isReadable()) {
            return null;
        }
        var extensions = hello.readSlice(hello.readUnsignedShort());
        while (extensions.isReadable()) {
            var type = extensions.readUnsignedShort();
            var body = extensions.readSlice(extensions.readUnsignedShort());
            if (type == wanted) {
                return body;
            }
        }
        return null;
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
