package dev.weft.proxy.bootstrap;

import java.util.LinkedHashMap;
import java.util.Map;

/// The pod's annotations, as a downward API volume writes them: one `key="value"` a line, the value
/// quoted as Go quotes.
public final class Annotations {
    private Annotations() {}

    /// Lines that are no annotation are left out.
    public static Map<String, String> parse(String file) {
        var annotations = new LinkedHashMap<String, String>();
        for (String line : file.split("\n", -1)) {
            int equals = line.indexOf("=\"");
            if (equals > 0 && line.length() > equals + 2 && line.endsWith("\"")) {
                annotations.put(
                        line.substring(0, equals),
                        unquote(line.substring(equals + 2, line.length() - 1)));
            }
        }
        return annotations;
    }

    private static String unquote(String quoted) {
        if (quoted.indexOf('\\') < 0) {
            return quoted;
        }
        var out = new StringBuilder(quoted.length());
        for (int i = 0; i < quoted.length(); i++) {
            char c = quoted.charAt(i);
            if (c != '\\' || i + 1 == quoted.length()) {
                out.append(c);
                continue;
            }
            char escape = quoted.charAt(++i);
            switch (escape) {
                case 'a' -> out.append('\u0007');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'n' -> out.append('\n');
                case 'r' -> out.append('\r');
                case 't' -> out.append('\t');
                case 'v' -> out.append('\u000b');
                case 'x' -> i = codePoint(quoted, i, 2, out);
                case 'u' -> i = codePoint(quoted, i, 4, out);
                case 'U' -> i = codePoint(quoted, i, 8, out);
                default -> out.append(escape);
            }
        }
        return out.toString();
    }

    private static int codePoint(String quoted, int at, int digits, StringBuilder out) {
        int end = Math.min(at + 1 + digits, quoted.length());
        try {
            out.appendCodePoint(Integer.parseInt(quoted.substring(at + 1, end), 16));
        } catch (IllegalArgumentException e) {
            out.append('\ufffd');
        }
        return end - 1;
    }
}
