package dev.weft.proxy.identity;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Writes the few ASN.1 values (X.690, DER) that a signing request is made of. A library for it
/// would be ten times the rest of what this proxy keeps in memory for its identity.
final class Der {
    private static final int INTEGER = 0x02;
    private static final int BIT_STRING = 0x03;
    private static final int OBJECT_IDENTIFIER = 0x06;
    private static final int UTF8_STRING = 0x0c;
    private static final int PRINTABLE_STRING = 0x13;
    private static final int SEQUENCE = 0x30;
    private static final int SET = 0x31;
    private static final int CONTEXT_CONSTRUCTED = 0xa0;

    private Der() {}

    /// @param value 0 to 127
    static byte[] integer(int value) {
        return tagged(INTEGER, new byte[] {(byte) value});
    }

    /// @param arcs at least two; each is 0 to 2^31 - 1
    static byte[] objectIdentifier(int... arcs) {
        var content = new ByteArrayOutputStream();
        base128(content, arcs[0] * 40 + arcs[1]);
        for (int i = 2; i < arcs.length; i++) {
            base128(content, arcs[i]);
        }
        return tagged(OBJECT_IDENTIFIER, content.toByteArray());
    }

    private static void base128(ByteArrayOutputStream out, int arc) {
        for (int shift = 28; shift > 0; shift -= 7) {
            if (arc >>> shift != 0) {
                out.write(arc >>> shift & 0x7f | 0x80);
            }
        }
        out.write(arc & 0x7f);
    }

    static byte[] utf8String(String text) {
        return tagged(UTF8_STRING, text.getBytes(StandardCharsets.UTF_8));
    }

    /// @param text letters, digits, space and `'()+,-./:=?` only
    static byte[] printableString(String text) {
        return tagged(PRINTABLE_STRING, text.getBytes(StandardCharsets.US_ASCII));
    }

    /// A bit string of whole bytes.
    static byte[] bitString(byte[] bytes) {
        return tagged(BIT_STRING, new byte[] {0}, bytes);
    }

    static byte[] sequence(byte[]... parts) {
        return tagged(SEQUENCE, parts);
    }

    /// A set of one: of more, DER would want them in order.
    static byte[] set(byte[] only) {
        return tagged(SET, only);
    }

    /// What stands for an empty `[number] IMPLICIT SET`.
    static byte[] emptySet(int number) {
        return tagged(CONTEXT_CONSTRUCTED | number);
    }

    private static byte[] tagged(int tag, byte[]... parts) {
        int length = 0;
        for (byte[] part : parts) {
            length += part.length;
        }
        var out = new ByteArrayOutputStream(length + 4);
        out.write(tag);
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else if (length < 0x10000) {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        } else {
            throw new IllegalArgumentException(length + " bytes are not what this is for");
        }
        for (byte[] part : parts) {
            out.writeBytes(part);
        }
        return out.toByteArray();
    }
}
