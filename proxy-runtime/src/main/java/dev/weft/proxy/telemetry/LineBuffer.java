package dev.weft.proxy.telemetry;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Lines as they grow, in UTF-8 from the start: no string is made on the way. Or a header's value,
/// whose texts are bytes, one a character. For one thread.
public final class LineBuffer {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_NUMBER = 20;
    private static final int NANO_DIGITS = 9;

    /// What one character may need at most.
    private static final int LONGEST_CHARACTER = 6;

    /// More than this is not kept for the next lines.
    private static final int KEPT_BYTES = 256 * 1024;

    private final int capacity;
    private final boolean ofHeader;
    private byte[] bytes;
    private int length;

    /// The second of the last line, and how it is written: the next line most often has the same.
    private long second = Long.MIN_VALUE;

    private byte[] writtenSecond = {};

    LineBuffer(int capacity) {
        this(capacity, false);
    }

    private LineBuffer(int capacity, boolean ofHeader) {
        this.capacity = capacity;
        this.ofHeader = ofHeader;
        this.bytes = new byte[capacity];
    }

    /// For the value of a header: what cannot be in one becomes a space (RFC 9110, 5.5), nothing
    /// else changes.
    static LineBuffer ofHeader(int capacity) {
        return new LineBuffer(capacity, true);
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
        if (bytes.length > KEPT_BYTES) {
            bytes = new byte[capacity];
        }
    }

    /// Takes back what was written since.
    void truncate(int length) {
        this.length = length;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, length);
    }

    /// What a header has as its value: without space at the ends, a byte a character.
    ///
    /// @param atMost bytes; what is longer is cut
    String toFieldValue(int atMost) {
        var from = 0;
        var to = Math.min(length, atMost);
        while (from < to && isSpace(bytes[from])) {
            from++;
        }
        while (to > from && isSpace(bytes[to - 1])) {
            to--;
        }
        return new String(bytes, from, to - from, StandardCharsets.ISO_8859_1);
    }

    private static boolean isSpace(byte b) {
        return b == ' ' || b == '\t';
    }

    void writeTo(OutputStream out) throws IOException {
        out.write(bytes, 0, length);
    }

    LineBuffer ascii(char c) {
        ensure(1);
        bytes[length++] = (byte) c;
        return this;
    }

    LineBuffer raw(byte[] json) {
        ensure(json.length);
        System.arraycopy(json, 0, bytes, length, json.length);
        length += json.length;
        return this;
    }

    LineBuffer number(long value) {
        if (value < 0) {
            return raw(Long.toString(value).getBytes(StandardCharsets.US_ASCII));
        }
        ensure(LONGEST_NUMBER);
        var digits = 1;
        for (long rest = value / 10; rest > 0; rest /= 10) {
            digits++;
        }
        return digits(value, digits);
    }

    /// The last so many digits of a number.
    LineBuffer digits(long value, int digits) {
        ensure(digits);
        length += digits;
        long rest = value;
        for (int i = length - 1; i >= length - digits; i--) {
            bytes[i] = (byte) ('0' + rest % 10);
            rest /= 10;
        }
        return this;
    }

    /// ISO 8601 in UTC, without its `Z`.
    ///
    /// @param digits of the second's fraction
    LineBuffer time(Instant time, int digits) {
        if (time.getEpochSecond() != second) {
            second = time.getEpochSecond();
            var whole = Instant.ofEpochSecond(second).toString();
            writtenSecond =
                    (whole.substring(0, whole.length() - 1) + ".")
                            .getBytes(StandardCharsets.US_ASCII);
        }
        long fraction = time.getNano();
        for (int i = digits; i < NANO_DIGITS; i++) {
            fraction /= 10;
        }
        return raw(writtenSecond).digits(fraction, digits);
    }

    /// @return false: there is no address
    boolean address(@Nullable InetSocketAddress address, boolean withPort) {
        if (address == null || address.getAddress() == null) {
            return false;
        }
        var ip = address.getAddress();
        if (ip instanceof Inet4Address) {
            var octets = ip.getAddress();
            for (int i = 0; i < octets.length; i++) {
                if (i > 0) {
                    ascii('.');
                }
                number(octets[i] & 0xff);
            }
        } else if (withPort) {
            ascii('[').text(NetUtil.toAddressString(ip)).ascii(']');
        } else {
            text(NetUtil.toAddressString(ip));
        }
        if (withPort) {
            ascii(':').number(address.getPort());
        }
        return true;
    }

    /// What is inside of a string's quotes: neither line nor string can be ended by it, and no
    /// terminal be told anything.
    LineBuffer text(String value) {
        if (ofHeader) {
            return fieldText(value);
        }
        ensure(value.length() * LONGEST_CHARACTER);
        var to = bytes;
        var at = length;
        for (int i = 0; i < value.length(); i++) {
            var c = value.charAt(i);
            if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
                to[at++] = (byte) c;
            } else {
                length = at;
                unusual(c);
                at = length;
            }
        }
        length = at;
        return this;
    }

    /// A text that holds characters where others hold bytes: it is the configuration's.
    LineBuffer name(String value) {
        return ofHeader
                ? fieldText(
                        new String(
                                value.getBytes(StandardCharsets.UTF_8),
                                StandardCharsets.ISO_8859_1))
                : text(value);
    }

    private LineBuffer fieldText(String value) {
        ensure(value.length());
        for (int i = 0; i < value.length(); i++) {
            var c = value.charAt(i);
            var isLegal = c >= ' ' ? c != 0x7f && c <= 0xff : c == '\t';
            bytes[length++] = (byte) (isLegal ? c : ' ');
        }
        return this;
    }

    private void unusual(char c) {
        if (c == '"' || c == '\\') {
            put('\\', c);
        } else if (c < ' ' || (c >= 0x7f && c < 0xa0) || isLineEnd(c) || Character.isSurrogate(c)) {
            put('\\', 'u', HEX[c >> 12], HEX[c >> 8 & 0xf], HEX[c >> 4 & 0xf], HEX[c & 0xf]);
        } else if (c < 0x800) {
            put(0xc0 | c >> 6, 0x80 | c & 0x3f);
        } else {
            put(0xe0 | c >> 12, 0x80 | c >> 6 & 0x3f, 0x80 | c & 0x3f);
        }
    }

    /// Some readers take these for the end of a line, too.
    private static boolean isLineEnd(char c) {
        return c == 0x2028 || c == 0x2029;
    }

    private void put(int... values) {
        for (var value : values) {
            bytes[length++] = (byte) value;
        }
    }

    private void ensure(int more) {
        if (bytes.length - length < more) {
            bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
        }
    }
}
