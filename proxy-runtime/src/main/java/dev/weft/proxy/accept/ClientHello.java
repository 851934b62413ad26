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
/// @param serverName in lower case; empty: it names no server, or nothing that can be a server's
///   name
record ClientHello(List<String> alpn, String serverName, boolean malformed) {
    private static final ClientHello MALFORMED = new ClientHello(List.of(), "", true);
    private static final int HANDSHAKE_RECORD = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int RECORD_HEADER = 5;
    private static final int HANDSHAKE_HEADER = 4;
    private static final int SERVER_NAME_EXTENSION = 0;
    private static final int ALPN_EXTENSION = 16;
    private static final int HOST_NAME = 0;
    private static final int MAX_HOST_NAME = 255;

    /// Whether these bytes can only be a TLS handshake.
    static boolean begins(ByteBuf seen) {
        var at = seen.readerIndex();
        return seen.getByte(at) == HANDSHAKE_RECORD
                && (seen.readableBytes() < 2 || seen.getByte(at + 1) == 3);
    }

    /// Null: more bytes are needed. Only the first [Sniffer#MAX_BYTES] are looked at.
    static @Nullable ClientHello read(ByteBuf seen) {
        var header = handshakeBytes(seen, HANDSHAKE_HEADER);
        if (header == null) {
            return null;
        }
        if (header.readByte() != CLIENT_HELLO) {
            return MALFORMED;
        }
        var length = header.readUnsignedMedium();
        if (length > Sniffer.MAX_BYTES) {
            return MALFORMED;
        }
        var whole = handshakeBytes(seen, HANDSHAKE_HEADER + length);
        if (whole == null) {
            return null;
        }
        try {
            return parse(whole.skipBytes(HANDSHAKE_HEADER));
        } catch (IndexOutOfBoundsException shorterThanItSays) {
            return MALFORMED;
        }
    }

    /// The first bytes of the handshake, which may be spread over several records; null: there are
    /// not so many yet. Nothing is made before there are: who sends single bytes has this called
    /// for each.
    private static @Nullable ByteBuf handshakeBytes(ByteBuf seen, int length) {
        if (copyHandshake(seen, length, null) < length) {
            return null;
        }
        var bytes = new byte[length];
        copyHandshake(seen, length, bytes);
        return Unpooled.wrappedBuffer(bytes);
    }

    /// How many of the first `length` bytes of the handshake there are.
    ///
    /// @param to null: they are only counted
    private static int copyHandshake(ByteBuf seen, int length, byte @Nullable [] to) {
        var at = seen.readerIndex();
        var end = at + Math.min(seen.readableBytes(), Sniffer.MAX_BYTES);
        var copied = 0;
        while (copied < length
                && end - at > RECORD_HEADER
                && seen.getByte(at) == HANDSHAKE_RECORD) {
            var inRecord = seen.getUnsignedShort(at + RECORD_HEADER - 2);
            at += RECORD_HEADER;
            var part = Math.min(Math.min(inRecord, end - at), length - copied);
            if (to != null) {
                seen.getBytes(at, to, copied, part);
            }
            copied += part;
            at += inRecord;
        }
        return copied;
    }

    private static ClientHello parse(ByteBuf hello) {
        hello.skipBytes(2 + 32);
        hello.skipBytes(hello.readUnsignedByte());
        hello.skipBytes(hello.readUnsignedShort());
        hello.skipBytes(hello.readUnsignedByte());
        List<String> alpn = null;
        String serverName = null;
        if (hello.isReadable()) {
            var extensions = hello.readSlice(hello.readUnsignedShort());
            while (extensions.isReadable()) {
                var type = extensions.readUnsignedShort();
                var body = extensions.readSlice(extensions.readUnsignedShort());
                if (type == ALPN_EXTENSION && alpn == null) {
                    alpn = protocols(body.readSlice(body.readUnsignedShort()));
                } else if (type == SERVER_NAME_EXTENSION) {
                    serverName = serverName == null ? serverName(body) : "";
                }
            }
        }
        return new ClientHello(
                alpn == null ? List.of() : alpn, serverName == null ? "" : serverName, false);
    }

    private static List<String> protocols(ByteBuf list) {
        var names = new ArrayList<String>();
        while (list.isReadable()) {
            names.add(
                    list.readCharSequence(list.readUnsignedByte(), StandardCharsets.US_ASCII)
                            .toString());
        }
        return List.copyOf(names);
    }

    /// The one name of the list (RFC 6066, 3). Of two it could not be said which one the server
    /// takes that the client reaches; what is no text in ASCII is no server's name.
    private static String serverName(ByteBuf body) {
        var header = 2 + 1 + 2;
        var length = body.readableBytes() - header;
        if (length < 1
                || length > MAX_HOST_NAME
                || body.readUnsignedShort() != length + header - 2
                || body.readByte() != HOST_NAME
                || body.readUnsignedShort() != length
                || body.forEachByte(b -> b > ' ' && b < 0x7f) >= 0) {
            return "";
        }
        return body.toString(StandardCharsets.US_ASCII).toLowerCase(Locale.ROOT);
    }
}
