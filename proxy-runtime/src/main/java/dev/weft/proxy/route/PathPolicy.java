package dev.weft.proxy.route;

import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/// What happens to a request's path before anything looks at it (Envoy's `normalize_path`,
/// `merge_slashes`, `path_with_escaped_slashes_action`, in that order after the last). The query
/// stays as it is. What comes out is unchanged by a second pass.
///
/// @param normalizes dot segments are resolved, with parameters too (`..;x`, which servers that
///   know parameters take for `..`), a backslash becomes a slash, escapes of unreserved characters
///   are undone (RFC 3986, 6.2.2.2) and the digits of the others are in upper case; letters are not
///   touched. Escapes that are none, and that of NUL, are refused.
/// @param mergesSlashes of several slashes in a row one stays
public record PathPolicy(boolean normalizes, boolean mergesSlashes, EscapedSlashes escapedSlashes) {
    public static final PathPolicy AS_IT_IS = new PathPolicy(false, false, EscapedSlashes.KEEP);

    /// What becomes of `%2F` and `%5C`.
    public enum EscapedSlashes {
        KEEP,
        REFUSE,
        /// The client is sent to the path with slashes.
        REDIRECT,
        UNESCAPE
    }

    /// What becomes of a request, judged by its path.
    public sealed interface Verdict {
        record Pass(String path) implements Verdict {}

        record Redirect(String path) implements Verdict {}

        record Refuse() implements Verdict {}
    }

    private static final Verdict REFUSED = new Verdict.Refuse();

    /// @param target path and query
    public Verdict judge(String target) {
        if (leaves(target)) {
            return new Verdict.Pass(target);
        }
        var query = target.indexOf('?');
        var path = query < 0 ? target : target.substring(0, query);
        var rest = query < 0 ? "" : target.substring(query);
        var unescaped = escapedSlashes == EscapedSlashes.KEEP ? path : unescapeSlashes(path);
        var redirects = false;
        if (!unescaped.equals(path)) {
            if (escapedSlashes == EscapedSlashes.REFUSE) {
                return REFUSED;
            }
            redirects = escapedSlashes == EscapedSlashes.REDIRECT;
        }
        var result = unescaped;
        if (normalizes) {
            var canonical = canonical(result);
            if (canonical == null) {
                return REFUSED;
            }
            result = withoutDots(canonical);
        }
        if (mergesSlashes) {
            result = merged(result);
        }
        if (!redirects) {
            return new Verdict.Pass(result + rest);
        }
        return namesHost(result) ? REFUSED : new Verdict.Redirect(result + rest);
    }

    /// Most paths have nothing in them that any rule is about.
    private boolean leaves(String target) {
        if (this.equals(AS_IT_IS) || target.charAt(0) != '/') {
            return true;
        }
        var previous = '\0';
        for (int i = 0; i < target.length(); i++) {
            var c = target.charAt(i);
            if (c == '?') {
                return true;
            }
            if (c == '%' || c == '\\' || (previous == '/' && (c == '/' || c == '.'))) {
                return false;
            }
            previous = c;
        }
        return true;
    }

    /// As a location it would lead to another server (RFC 3986, 4.2); browsers take a backslash for
    /// a slash.
    private static boolean namesHost(String path) {
        return path.length() > 1 && (path.charAt(1) == '/' || path.charAt(1) == '\\');
    }

    private static String unescapeSlashes(String path) {
        var result = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            var value = path.charAt(i) == '%' ? Escapes.valueAt(path, i) : -1;
            if (value == '/' || value == '\\') {
                result.append((char) value);
                i += 2;
            } else {
                result.append(path.charAt(i));
            }
        }
        return result.toString();
    }

    /// Null: there is an escape that is none, or NUL.
    private static @Nullable String canonical(String path) {
        var result = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            var c = path.charAt(i);
            if (c == '\\') {
                result.append('/');
            } else if (c != '%') {
                result.append(c);
            } else {
                var value = Escapes.valueAt(path, i);
                if (value <= 0) {
                    return null;
                }
                if (isUnreserved(value)) {
                    result.append((char) value);
                } else {
                    result.append('%')
                            .append(upperDigit(value >> 4))
                            .append(upperDigit(value & 0xf));
                }
                i += 2;
            }
        }
        return result.toString();
    }

    /// RFC 3986, 5.2.4.
    private static String withoutDots(String path) {
        var segments = path.split("/", -1);
        var kept = new ArrayList<String>(segments.length);
        for (int i = 1; i < segments.length; i++) {
            var segment = withoutParameters(segments[i]);
            var last = i == segments.length - 1;
            if (segment.equals("..")) {
                if (!kept.isEmpty()) {
                    kept.removeLast();
                }
            } else if (!segment.equals(".")) {
                kept.add(segments[i]);
                continue;
            }
            if (last) {
                kept.add("");
            }
        }
        return "/" + String.join("/", kept);
    }

    /// An escaped semicolon counts too: some servers undo escapes first. Only what dots begin is
    /// looked at.
    private static String withoutParameters(String segment) {
        if (!segment.startsWith(".")) {
            return segment;
        }
        var plain = segment.indexOf(';');
        var escaped = segment.indexOf("%3B");
        var end = plain < 0 || (escaped >= 0 && escaped < plain) ? escaped : plain;
        return end < 0 ? segment : segment.substring(0, end);
    }

    private static String merged(String path) {
        var result = new StringBuilder(path.length());
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) != '/' || i == 0 || path.charAt(i - 1) != '/') {
                result.append(path.charAt(i));
            }
        }
        return result.toString();
    }

    private static char upperDigit(int value) {
        return "0123456789ABCDEF".charAt(value);
    }

    private static boolean isUnreserved(int c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '-'
                || c == '.'
                || c == '_'
                || c == '~';
    }
}
