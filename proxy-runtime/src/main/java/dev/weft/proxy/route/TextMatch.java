package dev.weft.proxy.route;

import com.google.re2j.Pattern;
import java.util.Locale;

/// A condition on one piece of text. Regular expressions are RE2: linear time, whole text.
public sealed interface TextMatch {
    boolean matches(String text);

    record Exact(String value, boolean ignoreCase) implements TextMatch {
        @Override
        public boolean matches(String text) {
            return ignoreCase ? value.equalsIgnoreCase(text) : value.equals(text);
        }
    }

    record Prefix(String value, boolean ignoreCase) implements TextMatch {
        @Override
        public boolean matches(String text) {
            return text.regionMatches(ignoreCase, 0, value, 0, value.length());
        }
    }

    record Suffix(String value, boolean ignoreCase) implements TextMatch {
        @Override
        public boolean matches(String text) {
            return text.regionMatches(
                    ignoreCase, text.length() - value.length(), value, 0, value.length());
        }
    }

    record Contains(String value, boolean ignoreCase) implements TextMatch {
        @Override
        public boolean matches(String text) {
            return ignoreCase
                    ? text.toLowerCase(Locale.ROOT).contains(value.toLowerCase(Locale.ROOT))
                    : text.contains(value);
        }
    }

    record Regex(Pattern pattern) implements TextMatch {
        @Override
        public boolean matches(String text) {
            return pattern.matches(text);
        }
    }

    record Present() implements TextMatch {
        @Override
        public boolean matches(String text) {
            return true;
        }
    }
}
