package dev.weft.proxy.route;

/// Percent-encoded bytes (RFC 3986, 2.1).
final class Escapes {
    private Escapes() {}

    /// The byte of the escape that begins at the percent sign at `at`; -1: it is none.
    static int valueAt(String text, int at) {
        if (at + 2 >= text.length()) {
            return -1;
        }
        var high = digit(text.charAt(at + 1));
        var low = digit(text.charAt(at + 2));
        return high < 0 || low < 0 ? -1 : high << 4 | low;
    }

    /// ASCII alone, unlike `Character.digit`.
    private static int digit(char c) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        var lower = c | 0x20;
        return lower >= 'a' && lower <= 'f' && c < 0x80 ? lower - 'a' + 10 : -1;
    }
}
