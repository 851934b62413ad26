package dev.weft.proxy.route;

import io.netty.handler.codec.http.HttpHeaders;
import org.jspecify.annotations.Nullable;

/// What routing looks at. `path` carries the query; that of a CONNECT is empty.
public record RequestHead(String method, String authority, String path, HttpHeaders headers) {
    static final String SCHEME = "http";

    public String pathWithoutQuery() {
        var end = endOfPath(path);
        return end == path.length() ? path : path.substring(0, end);
    }

    public String query() {
        var start = path.indexOf('?');
        if (start < 0) {
            return "";
        }
        var end = path.indexOf('#', start);
        return end < 0 ? path.substring(start + 1) : path.substring(start + 1, end);
    }

    /// The first value of a parameter of the query; null: there is none.
    public @Nullable String parameter(String name) {
        return Query.first(query(), name);
    }

    /// A header's value, several joined by commas (those of `cookie` by semicolons: HTTP/2 cuts it
    /// into pieces), or that of `:method`, `:path`, `:authority` or `:scheme`; null: there is none.
    public @Nullable String header(String name) {
        return switch (name) {
            case ":method" -> method;
            case ":path" -> path.isEmpty() ? null : path;
            case ":authority", "host" -> authority;
            // TLS that is not the mesh's own passes by: all requests that come here are http.
            case ":scheme" -> SCHEME;
            default -> joined(headers, name);
        };
    }

    static @Nullable String joined(HttpHeaders headers, String name) {
        var values = headers.getAll(name);
        return values.isEmpty()
                ? null
                : values.size() == 1
                        ? values.getFirst()
                        : String.join(name.equals("cookie") ? "; " : ",", values);
    }

    static int endOfPath(String path) {
        for (int i = 0; i < path.length(); i++) {
            var c = path.charAt(i);
            if (c == '?' || c == '#') {
                return i;
            }
        }
        return path.length();
    }
}
