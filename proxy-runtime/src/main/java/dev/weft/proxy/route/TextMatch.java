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

    /// A whole number (decimal, of 64 bits): from `start` on, below `end`. Anything else is not in
    /// the range.
    record Range(long start, long end) implements TextMatch {
        private static final Pattern NUMBER = Pattern.compile("[+-]?[0-9]+");

        @Override
        public boolean matches(String text) {
            var digits = text.strip();
            if (!NUMBER.matches(digits)) {
                return false;
            }
            try {
                var number = Long.parseLong(digits);
                return number >= start && number < end;
            } catch (NumberFormatException tooLarge) {
                return false;
            }
        }
    }

    record Present() implements TextMatch {
        @Override
        public boolean matches(String text) {
            return true;
        }
    }
}
