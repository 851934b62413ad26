package dev.weft.proxy.telemetry;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Lines of JSON as they grow, in UTF-8 from the start: no string is made on the way. For one
/// thread.
final class LineBuffer {
    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int LONGEST_NUMBER = 20;

    /// What one character may need at most.
    private static final int LONGEST_CHARACTER = 6;

    private byte[] bytes;
    private int length;

    LineBuffer(int capacity) {
        bytes = new byte[capacity];
    }

    int length() {
        return length;
    }

    void clear() {
        length = 0;
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

    /// What is inside of a string's quotes.
    LineBuffer text(String value) {
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

    private void unusual(char c) {
        if (c == '"' || c == '\\') {
            put('\\', c);
        } else if (c < ' ' || c == 0x7f || Character.isSurrogate(c)) {
            put('\\', 'u', HEX[c >> 12], HEX[c >> 8 & 0xf], HEX[c >> 4 & 0xf], HEX[c & 0xf]);
        } else if (c < 0x800) {
            put(0xc0 | c >> 6, 0x80 | c & 0x3f);
        } else {
            put(0xe0 | c >> 12, 0x80 | c >> 6 & 0x3f, 0x80 | c & 0x3f);
        }
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
