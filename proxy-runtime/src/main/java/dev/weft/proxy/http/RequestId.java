package dev.weft.proxy.http;

import io.netty.util.AsciiString;
import java.nio.charset.StandardCharsets;
import java.util.random.RandomGenerator;

/// `x-request-id`: what the logs of all that a request passes know it by.
final class RequestId {
    static final AsciiString NAME = AsciiString.cached("x-request-id");

    private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final int LENGTH = 36;
    private static final long VERSION_4 = 0x4000L;
    private static final long VARIANT = 0x8000_0000_0000_0000L;

    private RequestId() {}

    /// A UUID of version 4. Ids have to differ; that nobody can guess them is not promised.
    static AsciiString of(RandomGenerator random) {
        var high = (random.nextLong() & ~0xf000L) | VERSION_4;
        var low = (random.nextLong() >>> 2) | VARIANT;
        var text = new byte[LENGTH];
        write(text, 0, 8, high >>> 32);
        text[8] = '-';
        write(text, 9, 4, high >>> 16);
        text[13] = '-';
        write(text, 14, 4, high);
        text[18] = '-';
        write(text, 19, 4, low >>> 48);
        text[23] = '-';
        write(text, 24, 12, low);
        return new AsciiString(text, false);
    }

    /// The last digits of a number.
    private static void write(byte[] text, int at, int digits, long bits) {
        for (int i = at + digits - 1; i >= at; i--) {
            text[i] = HEX[(int) bits & 0xf];
            bits >>>= 4;
        }
    }
}
