package dev.weft.proxy.route;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads the parameters of a query as Envoy does: `&` separates, escapes are undone, and an escape
/// that is none stands for itself.
final class Query {
    private Query() {}

    /// The first value of that name; null: there is none. Each character is looked at a fixed
    /// number of times, however many parameters there are: whoever left some out would be evaded by
    /// them.
    static @Nullable String first(String query, String name) {
        for (int start = 0; start < query.length(); ) {
            var ampersand = query.indexOf('&', start);
            var end = ampersand < 0 ? query.length() : ampersand;
            var equals = query.indexOf('=', start, end);
            var nameEnd = equals < 0 ? end : equals;
            if (end > start && isName(query, start, nameEnd, name)) {
                return unescaped(query.substring(Math.min(nameEnd + 1, end), end));
            }
            start = end + 1;
        }
        return null;
    }

    /// Without a copy where there is no escape.
    private static boolean isName(String query, int start, int end, String name) {
        return query.indexOf('%', start, end) < 0
                ? end - start == name.length() && query.startsWith(name, start)
                : unescaped(query.substring(start, end)).equals(name);
    }

    private static String unescaped(String text) {
        if (text.indexOf('%') < 0) {
            return text;
        }
        var bytes = new ByteArrayOutputStream(text.length());
        for (int i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            var value = c == '%' ? Escapes.valueAt(text, i) : -1;
            if (value >= 0) {
                bytes.write(value);
                i += 2;
            } else {
                bytes.writeBytes(String.valueOf(c).getBytes(StandardCharsets.UTF_8));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
