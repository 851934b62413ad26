package dev.weft.proxy.route;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// Reads the parameters of a query as Envoy does: `&` separates, escapes are undone, and an escape
/// that is none stands for itself.
final class Query {
    /// More parameters than these are not looked at.
    private static final int MAX_PARAMETERS = 256;

    private Query() {}

    /// The first value of that name; null: there is none.
    static @Nullable String first(String query, String name) {
        for (int i = 0, start = 0; i < MAX_PARAMETERS && start < query.length(); i++) {
            var ampersand = query.indexOf('&', start);
            var end = ampersand < 0 ? query.length() : ampersand;
            var equals = query.indexOf('=', start);
            var nameEnd = equals < 0 || equals > end ? end : equals;
            if (unescaped(query.substring(start, nameEnd)).equals(name)) {
                return unescaped(query.substring(Math.min(nameEnd + 1, end), end));
            }
            start = end + 1;
        }
        return null;
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
