package dev.weft.proxy.syntax;

import io.netty.util.AsciiString;

/// Which characters the parts of a request may have. Pure; strings hold bytes (ISO 8859-1).
public final class Tokens {
    private static final int MAX_LENGTH_DIGITS = 18;
    private static final int MAX_PORT_DIGITS = 5;
    private static final int MAX_PORT = 65_535;
    private static final boolean[] TOKEN = new boolean[128];
    private static final boolean[] AUTHORITY = new boolean[128];

    static {
        for (var c = 'a'; c <= 'z'; c++) {
            TOKEN[c] = TOKEN[c - 32] = AUTHORITY[c] = AUTHORITY[c - 32] = true;
        }
        for (var c = '0'; c <= '9'; c++) {
            TOKEN[c] = AUTHORITY[c] = true;
        }
        for (var c : "!#$%&'*+-.^_`|~".toCharArray()) {
            TOKEN[c] = true;
        }
        // RFC 3986, 3.2.2 and 3.2.3, without user information, and without what only a
        // registered name in some other scheme may have.
        for (var c : "-._~%!$&'()*+;=:[]".toCharArray()) {
            AUTHORITY[c] = true;
        }
    }

    private Tokens() {}

    /// One character of a token (RFC 9110, 5.6.2).
    public static boolean isTokenChar(int c) {
        return c >= 0 && c < TOKEN.length && TOKEN[c];
    }

    /// RFC 9110, 5.6.2.
    public static boolean isToken(CharSequence text) {
        return isAll(TOKEN, text);
    }

    /// What a header may have as its value (RFC 9110, 5.5): no control character but the tab, no
    /// space at its ends. Bytes above ASCII pass.
    public static boolean isFieldValue(CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if ((c < ' ' && c != '\t') || c == 0x7f || c > 0xff) {
                return false;
            }
        }
        return text.isEmpty()
                || (!isSpace(text.charAt(0)) && !isSpace(text.charAt(text.length() - 1)));
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    /// Host and perhaps a port; user information is not for proxies (RFC 9110, 4.2.4).
    public static boolean isAuthority(CharSequence text) {
        return isAll(AUTHORITY, text);
    }

    /// Where a tunnel goes (RFC 9112, 3.2.3): a host and its port, both there. An IPv6 address is
    /// in brackets.
    public static boolean isHostAndPort(CharSequence text) {
        var end = text.length();
        var port = 0;
        var scale = 1;
        while (end > 0 && isDigit(text.charAt(end - 1)) && text.length() - end < MAX_PORT_DIGITS) {
            port += scale * (text.charAt(--end) - '0');
            scale *= 10;
        }
        return port > 0
                && port <= MAX_PORT
                && end > 1
                && text.charAt(end - 1) == ':'
                && isHost(text.subSequence(0, end - 1));
    }

    private static boolean isHost(CharSequence host) {
        var last = host.length() - 1;
        var bracketed = last > 1 && host.charAt(0) == '[' && host.charAt(last) == ']';
        for (int i = bracketed ? 1 : 0; i < (bracketed ? last : last + 1); i++) {
            var c = host.charAt(i);
            if (bracketed ? !isInAddress(c) : c == ':' || c == '[' || c == ']') {
                return false;
            }
        }
        return isAuthority(host);
    }

    private static boolean isInAddress(char c) {
        return isDigit(c)
                || (c >= 'a' && c <= 'f')
                || (c >= 'A' && c <= 'F')
                || c == ':'
                || c == '.';
    }

    /// RFC 3986, 3.1.
    public static boolean isScheme(CharSequence text) {
        if (text.isEmpty() || !isLetter(text.charAt(0))) {
            return false;
        }
        for (int i = 1; i < text.length(); i++) {
            var c = text.charAt(i);
            if (!isLetter(c) && (c < '0' || c > '9') && c != '+' && c != '-' && c != '.') {
                return false;
            }
        }
        return true;
    }

    /// A path with its query, or `*` for OPTIONS; no space, no control character, no fragment.
    /// Bytes above ASCII pass, as with other proxies.
    public static boolean isPath(CharSequence method, CharSequence path) {
        if (path.isEmpty() || path.charAt(0) != '/') {
            return CharSequence.compare(path, "*") == 0
                    && CharSequence.compare(method, "OPTIONS") == 0;
        }
        for (int i = 1; i < path.length(); i++) {
            var c = path.charAt(i);
            if (c <= ' ' || c == 0x7f || c == '#') {
                return false;
            }
        }
        return true;
    }

    /// Digits that fit into 63 bits (RFC 9110, 8.6).
    public static boolean isLength(CharSequence length) {
        for (int i = 0; i < length.length(); i++) {
            if (!isDigit(length.charAt(i))) {
                return false;
            }
        }
        return !length.isEmpty() && length.length() <= MAX_LENGTH_DIGITS;
    }

    /// Three digits (RFC 9110, 15).
    public static boolean isStatus(CharSequence status) {
        return status.length() == 3
                && status.charAt(0) >= '1'
                && status.charAt(0) <= '9'
                && isDigit(status.charAt(1))
                && isDigit(status.charAt(2));
    }

    /// Of a valid status.
    public static boolean isInformational(CharSequence status) {
        return status.charAt(0) == '1';
    }

    private static boolean isLetter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isAll(boolean[] allowed, CharSequence text) {
        return text instanceof AsciiString ascii
                ? isAllOf(allowed, ascii.array(), ascii.arrayOffset(), ascii.length())
                : isAllOf(allowed, text);
    }

    private static boolean isAllOf(boolean[] allowed, byte[] bytes, int from, int length) {
        for (int i = from; i < from + length; i++) {
            if (bytes[i] < 0 || !allowed[bytes[i]]) {
                return false;
            }
        }
        return length > 0;
    }

    private static boolean isAllOf(boolean[] allowed, CharSequence text) {
        for (int i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c >= 128 || !allowed[c]) {
                return false;
            }
        }
        return !text.isEmpty();
    }
}
