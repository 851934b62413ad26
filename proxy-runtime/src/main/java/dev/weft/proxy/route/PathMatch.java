package dev.weft.proxy.route;

import com.google.re2j.Pattern;

/// The condition on a request's path, its query left out. A CONNECT has none: its path is empty.
public sealed interface PathMatch {
    boolean matches(String path);

    record Exact(String value, boolean ignoreCase) implements PathMatch {
        @Override
        public boolean matches(String path) {
            return ignoreCase ? value.equalsIgnoreCase(path) : value.equals(path);
        }
    }

    record Prefix(String value, boolean ignoreCase) implements PathMatch {
        @Override
        public boolean matches(String path) {
            return path.regionMatches(ignoreCase, 0, value, 0, value.length());
        }
    }

    /// `/a` takes `/a` and `/a/b`, not `/ab`.
    record Segments(String value, boolean ignoreCase) implements PathMatch {
        @Override
        public boolean matches(String path) {
            return path.regionMatches(ignoreCase, 0, value, 0, value.length())
                    && (path.length() == value.length() || path.charAt(value.length()) == '/');
        }
    }

    /// Takes a CONNECT, and nothing else (Envoy's `connect_matcher`).
    record Connect() implements PathMatch {
        @Override
        public boolean matches(String path) {
            return path.isEmpty();
        }
    }

    record Regex(Pattern pattern) implements PathMatch {
        @Override
        public boolean matches(String path) {
            return pattern.matches(path);
        }
    }
}
