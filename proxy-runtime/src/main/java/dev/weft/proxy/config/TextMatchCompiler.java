package dev.weft.proxy.config;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import dev.weft.proxy.route.TextMatch;
import io.envoyproxy.envoy.type.matcher.v3.StringMatcher;

/// Compiles Envoy's `StringMatcher`.
final class TextMatchCompiler {
    private static final int MAX_REGEX_LENGTH = 4096;

    private TextMatchCompiler() {}

    static TextMatch compile(String place, StringMatcher matcher) {
        var ignoreCase = matcher.getIgnoreCase();
        return switch (matcher.getMatchPatternCase()) {
            case EXACT -> new TextMatch.Exact(matcher.getExact(), ignoreCase);
            case PREFIX -> new TextMatch.Prefix(matcher.getPrefix(), ignoreCase);
            case SUFFIX -> new TextMatch.Suffix(matcher.getSuffix(), ignoreCase);
            case CONTAINS -> new TextMatch.Contains(matcher.getContains(), ignoreCase);
            case SAFE_REGEX -> new TextMatch.Regex(regex(place, matcher.getSafeRegex().getRegex()));
            case CUSTOM, MATCHPATTERN_NOT_SET ->
                    throw Rejected.at(
                            place,
                            "string matcher "
                                    + matcher.getMatchPatternCase()
                                    + " is not supported");
        };
    }

    static Pattern regex(String place, String regex) {
        if (regex.length() > MAX_REGEX_LENGTH) {
            throw Rejected.at(
                    place,
                    "the regular expression is longer than " + MAX_REGEX_LENGTH + " characters");
        }
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException invalid) {
            throw Rejected.at(
                    place,
                    "'" + regex + "' is not a valid RE2 expression: " + invalid.getDescription());
        }
    }
}
