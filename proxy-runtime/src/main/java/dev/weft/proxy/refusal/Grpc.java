package dev.weft.proxy.refusal;

import io.netty.buffer.ByteBuf;
import java.util.HexFormat;

/// gRPC's status codes, as far as the proxy speaks them.
final class Grpc {
    static final int CANCELLED = 1;
    static final int UNKNOWN = 2;
    static final int INVALID_ARGUMENT = 3;
    static final int DEADLINE_EXCEEDED = 4;
    static final int PERMISSION_DENIED = 7;
    static final int RESOURCE_EXHAUSTED = 8;
    static final int UNIMPLEMENTED = 12;
    static final int INTERNAL = 13;
    static final int UNAVAILABLE = 14;
    static final int UNAUTHENTICATED = 16;

    /// A message is for people: more of it could be more than a client takes as headers.
    private static final int MAX_MESSAGE_BYTES = 1024;

    private static final HexFormat HEX = HexFormat.of().withUpperCase();

    private Grpc() {}

    /// As `grpc-message` has it: what is not printable ASCII is escaped.
    ///
    /// @param utf8 not read, only looked at
    static String message(ByteBuf utf8) {
        var length = Math.min(utf8.readableBytes(), MAX_MESSAGE_BYTES);
        var message = new StringBuilder(length);
        for (int i = utf8.readerIndex(); i < utf8.readerIndex() + length; i++) {
            var c = utf8.getByte(i);
            if (c < ' ' || c > '~' || c == '%') {
                message.append('%').append(HEX.toHexDigits(c));
            } else {
                message.append((char) c);
            }
        }
        return message.toString();
    }
}
